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


def is_name(word: str) -> bool:
    """Whether a capitalised word is a common first name."""
    return word in _FIRST_NAMES
