"""Common first names that are no common word."""

_NAMES = """
Aaron Abby Abigail Adam Adrian Aisha Alan Albert Alejandro Alex Alexander Alexandra Alexis Alice Alicia Alison Amanda
Amber Amir Amy Ana Andre Andrea Andrew Angela Ann Anna Anne Anthony Antonio Ashley Austin Barbara Ben Benjamin Beth
Betty Bill Bob Bobby Brad Bradley Brandon Brenda Brian Brittany Bruce Bryan Caleb Cameron Carl Carla Carlos Carmen
Carol Caroline Carolyn Catherine Charles Charlotte Chelsea Cheryl Chloe Chris Christian Christina Christine
Christopher Cindy Claire Connor Courtney Craig Crystal Cynthia Dan Daniel Danielle Darius Dave David Deborah Debra
Denise Dennis Derek Diana Diane Diego Donald Donna Doris Dorothy Doug Douglas Dylan Ed Edward Elena Elijah Elizabeth
Ella Ellen Emily Emma Eric Erica Erin Ethan Eugene Evan Evelyn Fatima Felicia Frances Francisco Frank Fred Gabriel
Gary George Gina Gloria Greg Gregory Hannah Harold Harry Heather Helen Henry Holly Hope Howard Ian Ibrahim Isaac
Isabella Jack Jackie Jacob Jacqueline Jake Jamal James Jamie Janet Janice Jared Jasmine Jason Javier Jean Jeff Jeffrey
Jennifer Jenny Jeremy Jerry Jesse Jessica Jill Jim Jimmy Joan Joanna Joe Joel John Johnny Jon Jonathan Jordan Jorge
Jose Joseph Josh Joshua Juan Juanita Judith Judy Julia Julian Julie Justin Karen Kate Katherine Kathleen Kathy Katie
Kayla Keisha Keith Kelly Ken Kenneth Kevin Kim Kimberly Kyle Lakshmi Lamar Larry Latoya Laura Lauren Lawrence Leah
Lena Leo Leon Leslie Liam Linda Lisa Logan Lori Louis Lucas Lucy Luis Luke Madison Malik Manuel Marcus Marco Margaret
Maria Marie Marilyn Mario Martha Martin Mary Matt Matthew Megan Mehmet Melanie Melissa Michael Michelle Miguel Mike
Mohammed Molly Monica Nancy Natalie Nathan Nicholas Nick Nicole Nina Noah Nora Olga Olivia Omar Oscar Pamela Patricia
Patrick Paul Paula Pedro Peter Philip Priya Rachel Ralph Ramon Raymond Rebecca Ricardo Richard Rick Robert Roberto
Robin Roger Ronald Rosa Roy Russell Ruth Ryan Sally Sam Samantha Samuel Sandra Sara Sarah Scott Sean Sergio Shannon
Sharon Shawn Sheila Sofia Sophia Sophie Stephanie Stephen Steve Steven Susan Suzanne Sydney Tamara Tanya Tara Ted
Teresa Terry Theresa Thomas Tiffany Tim Timothy Tina Todd Tom Tommy Tony Tracy Travis Tyler Tyrone Valerie Vanessa
Victor Victoria Vincent Walter Wanda Wayne Wendy William Xavier Yolanda Yusuf Zachary Zoe
"""
# These are words, places or days as often as names.
_WORDS = {"Hope", "Jean", "Robin", "Jordan", "Sydney", "Christian", "Madison", "Austin", "Amber", "Crystal", "Jesse"}
_FIRST_NAMES = frozenset(_NAMES.split()) - _WORDS

# Large inside a sentence, and nobody: places, peoples and tongues, makers and services, feasts, eponyms of medicine.
_NO_PERSON = """
Adderall Africa African Alabama Alaska Alzheimer Amazon America American Americans Android Anonymous Apple Arabic
Argentina Arizona Arkansas Army Asia Asian Asperger Atlanta Atlantic Australia Austria Baltimore Beck Bible Boston
Brazil Britain British Bronx Brooklyn Buddha Buddhist California Canada Canadian Catholic Catholics Cheerios Chevy
Chicago China Chinese Christian Christians Christmas Cincinnati Cleveland Colombia Colorado Columbia Congress
Connecticut Costco Crohn Cuba Cuban Cushing Dallas Delaware Denver Detroit Discord Diwali Dutch Easter Egypt Eid
England Ethiopia Europe European Excel Facebook Farsi Florida Ford France French Freud Friday Georgia German Germany
Google Greece Greek Guatemala Haiti Halloween Hamilton Hanukkah Hashimoto Hawaii Heimlich Hindi Hindu Hispanic Honda
Honduras Houston Hulu Idaho Illinois India Indian Indiana Instagram Internet Iowa Iran Iraq Ireland Irish Islam Israel
Italian Italy Japan Japanese Jeep Jewish Kansas Kegel Kentucky Kenya Kindle Koran Korea Korean Latin Latina Latino
Lent London Louisiana Lyme Maine Manhattan Marine Marines Maryland Massachusetts Medicaid Medicare Memphis Mexican
Mexico Miami Michigan Milwaukee Minneapolis Minnesota Mississippi Missouri Monday Montana Mormon Muslim Muslims
Nashville Navy Nebraska Netflix Nevada Nigeria Ohio Oklahoma Oregon Orlando Outlook Pacific Pakistan Paris Parkinson
Passover Pennsylvania Persian Philadelphia Philippines Phoenix Pilates Pittsburgh Poland Polish Portland Portugal
Portuguese Protestant Puerto Quran Ramadan Reddit Reiki Rico Russia Russian Sabbath Sacramento Safeway Salvador
Saturday Scotland Scottish Seattle Senate Skype Slack Somalia Spain Spotify Starbucks Subaru Sudan Sunday Sweden
Swedish Syria Syrian Tagalog Taiwan Tampa Target Teams Tennessee Tesla Texas Thailand Thanksgiving Thursday Tinder
Tourette Toyota Tuesday Tupperware Turkey Turkish Twitter Uber Ukraine Ukrainian Utah Valentine Venmo Vermont Vietnam
Vietnamese Virginia Wales Walmart Washington Wednesday Wikipedia Wisconsin Word Wyoming Xbox Yoga York Youtube Zen
Zoom
"""
_NOBODY = frozenset(_NO_PERSON.split())


def is_nobody(word: str) -> bool:
    """Whether a word is written large without being anybody's name."""
    return word in _NOBODY


def is_name(word: str) -> bool:
    """Whether a capitalised word is a common first name."""
    return word in _FIRST_NAMES
