"""The words of the portal's pages in English and Spanish, in plain language; questionnaires keep their own."""

from collections.abc import Mapping
from types import MappingProxyType

LANGUAGES: Mapping[str, str] = MappingProxyType({"en": "English", "es": "Español"})

SPOKEN: Mapping[str, str] = MappingProxyType(
    {
        "en": "English",
        "es": "Español",
        "zh": "中文",
        "vi": "Tiếng Việt",
        "ru": "Русский",
        "ko": "한국어",
        "ar": "العربية",
    }
)

ENGLISH: Mapping[str, str] = MappingProxyType(
    {
        "skip": "Go to the main part",
        "other_language": "Español",
        "problem": "Please check this page",
        "questions_call": "Questions? Call",
        "nobody_reads": "Nobody watches these pages all the time.",
        "next": "Save and go on",
        "back": "Back",
        "later": "Save and finish later",
        "step": "Step {n} of {total}",
        "optional": "You can leave this one out.",
        "withdraw_link": "I do not want a visit any more",
        "birth_title": "Your date of birth",
        "birth_why": "We ask for it so that nobody else can open your pages.",
        "month": "Month",
        "day": "Day",
        "year": "Year",
        "open": "Open",
        "birth_incomplete": "Enter a month, a day and a year, such as April 23 1990.",
        "birth_wrong": "This date does not fit this link. Please check it. After 5 wrong dates the link locks.",
        "closed_title": "This link is closed",
        "closed_unknown": (
            "This link does not open anything. It may be incomplete, too old, or replaced by a newer one. "
            "Open it again from our newest message, or call us and we will send you a new one."
        ),
        "closed_locked": "A wrong date was entered too often, so this link is locked. Please call us.",
        "closed_used": "You have already done this. There is nothing more to do here.",
        "closed_revoked": "This link is no longer needed. If you have a newer message from us, use its link.",
        "closed_expired": "This link is too old. Call us and we will send you a new one.",
        "closed_moved_on": "There is nothing to do here at the moment. If you are waiting for us, please call.",
        "closed_again": "If you are not sure, call us. We are glad to help.",
        "english_only": "",
        "more_questions": "Thank you. There are a few more questions on this page.",
        "not_answered": "Question {n} has no answer yet.",
        "saved_title": "Saved",
        "saved": "Your answers so far are saved. To go on, open the link in our message again.",
        "about_title": "About you",
        "words_label": "What brings you here?",
        "words_hint": "Write as much or as little as you like. You can also leave it empty.",
        "consent_title": "May a computer program read what you write here and what your referral says?",
        "consent_what": (
            "The program looks in these texts for signs that you may be in danger. Its only purpose is to alert a "
            "clinician. The clinician reads them and decides. The program decides nothing, and it never writes to you."
        ),
        "consent_free": (
            "You get the same care if you say no. You can change your mind at any time: call us, and we switch it off."
        ),
        "consent_yes": "Yes, the program may read it",
        "consent_no": "No, only people may read it",
        "consent_missing": "Say yes or no: may a computer program read it?",
        "modality_label": "How would you like to meet?",
        "modality_office": "In person",
        "modality_telehealth": "By video",
        "modality_either": "Both are fine",
        "times_label": "Which times usually suit you?",
        "times_hint": "Choose as many as you like. None means that any time is fine.",
        "part_am": "Morning",
        "part_pm": "Afternoon",
        "part_eve": "Evening",
        "language_label": "Which language would you like to speak?",
        "access_label": "What do you need to get in?",
        "access_yes": "I need a place without steps",
        "send": "Send my answers",
        "missing_measure": "Some questions on another page have no answer yet.",
        "done_title": "Thank you",
        "done": "We have your answers. We now look for the right person for you, and then we will write to you.",
        "done_wait": "There is nothing more to do now.",
        "choose_title": "Choose a time",
        "choose_hint": "The times are not held for you. Whoever chooses first gets the time.",
        "choose_zone": "All times are in {zone}.",
        "choose_this": "Choose this time",
        "minutes": "{n} minutes",
        "with": "with {name}",
        "place_office": "In person, {place}",
        "place_telehealth": "By video",
        "place_either": "In person or by video, as you like",
        "none_suit": "None of these times suits me",
        "none_suit_hint": "A person will look for another time and write to you.",
        "taken": "We are sorry. Somebody else has just chosen that time. Here are the others.",
        "taken_all_title": "These times are gone",
        "taken_all": "We are sorry. Somebody else was quicker. We will send you new times soon.",
        "no_times": "There is no free time here any more. We will send you new times soon. You can also call us.",
        "waitlisted_title": "You are on our list",
        "waitlisted": "A person is looking for another time. We will write to you.",
        "appointment_title": "Your visit",
        "status_booked": "Booked",
        "status_confirmed": "You said that you will come",
        "status_attended": "This visit has taken place",
        "status_no_show": "This visit did not take place",
        "status_cancelled": "Cancelled",
        "status_late_cancelled": "Cancelled",
        "when": "When",
        "where": "Where",
        "who": "Who you will meet",
        "confirm": "Yes, I will come",
        "cancel": "I cannot come",
        "over": "This time has passed. If something went wrong, please call us.",
        "cancelled_next": "We have noted it. If we need to, we will call you.",
        "cancelled_new": "We have noted it. We will send you new times.",
        "cancel_title": "You cannot come?",
        "cancel_late": "Your visit is less than a day away, so this counts as a late change. Please tell us anyway.",
        "cancel_label": "What shall we do?",
        "cancel_new": "Find me another time",
        "cancel_call": "Please call me",
        "cancel_withdraw": "I do not want a visit any more",
        "cancel_send": "Cancel this visit",
        "cancel_missing": "Choose what we shall do.",
        "keep": "Keep my visit",
        "withdraw_title": "You do not want a visit any more?",
        "withdraw_text": "We will close your request and not write again. You can call us any time to start anew.",
        "withdraw_yes": "Yes, close my request",
        "withdrawn_title": "Your request is closed",
        "withdrawn": "Thank you for telling us. If you change your mind, call us.",
        "billing_name_title": "Your family name",
        "billing_name_why": "We ask for it so that nobody else can open your pages. Write it as your card has it.",
        "billing_name_label": "Family name",
        "billing_name_missing": "Enter your family name.",
        "billing_name_wrong": "This name does not fit this link. Please check it. After 5 wrong names the link locks.",
        "billing_title": "A few details are missing",
        "billing_why": (
            "We need them to send your bill to your insurance. We ask only for what is missing. Have your insurance "
            "card at hand."
        ),
        "billing_card": "From your insurance card",
        "billing_holder": "Who holds the insurance",
        "billing_you": "About you",
        "billing_home": "Where you live",
        "billing_member_id": "Member number",
        "billing_member_id_hint": (
            "On the front of the card, beside “Member ID”, “Subscriber ID” or “ID number”. Letters at the beginning "
            "belong to it."
        ),
        "billing_group_number": "Group number",
        "billing_group_number_hint": "On the front of the card, beside “Group” or “GRP”.",
        "billing_relationship": "Whose insurance is it?",
        "billing_relationship_18": "Mine",
        "billing_relationship_01": "My husband's, wife's or partner's",
        "billing_relationship_19": "My mother's or father's",
        "billing_relationship_G8": "Somebody else's",
        "billing_subscriber_family_name": "Their family name",
        "billing_subscriber_family_name_hint": "As on the card. If the insurance is yours, write your own.",
        "billing_subscriber_given_name": "Their first name",
        "billing_subscriber_birth_date": "Their date of birth",
        "billing_subscriber_sex": "Their sex, as the insurance has it",
        "billing_birth_date": "Your date of birth",
        "billing_sex": "Your sex, as your insurance has it",
        "billing_sex_F": "Female",
        "billing_sex_M": "Male",
        "billing_sex_U": "Neither, or I do not know",
        "billing_line": "Street and number",
        "billing_second_line": "Apartment or floor",
        "billing_city": "City",
        "billing_state": "State",
        "billing_state_hint": "Two letters, such as OR.",
        "billing_zip_code": "ZIP code",
        "billing_zip_code_hint": "Five digits.",
        "billing_empty": "Fill in: {label}",
        "billing_wrong": "Please check: {label}",
        "billing_send": "Send",
        "billing_done_title": "Thank you",
        "billing_done": "We have what we need. There is nothing more to do now.",
        "check_in_title_phq9": "A few questions",
        "check_in_title_gad7": "A few questions",
        "check_in_title_mood": "How are you?",
        "check_in_title_homework": "What you planned to try",
        "check_in_question_mood": "How has your mood been since we last asked?",
        "mood_hint": "Choose a number. There is no right answer.",
        "mood_worst": "the worst it can be",
        "mood_best": "the best it can be",
        "check_in_question_homework": "Did you try it?",
        "homework_was": "You and your clinician agreed on this:",
        "homework_0": "Not this time",
        "homework_1": "A part of it",
        "homework_2": "Yes",
        "check_in_words": "Is there anything you would like to add?",
        "check_in_words_hint": (
            "You can leave this empty. Your clinician reads it; nobody watches it all the time. A computer program may "
            "read it first if you agreed to that."
        ),
        "check_in_done_title": "Thank you",
        "check_in_done": "We have your answers. Your clinician will see them. There is nothing more to do now.",
        "check_in_done_late": "We have your answers. They are later than we asked, and they count all the same.",
        "check_in_answered_title": "You have already answered",
        "check_in_answered": (
            "We have your answers to these questions. A second try changes nothing. If you want to add something, "
            "tell your clinician at your next visit, or call us."
        ),
        "message_title": "A message for you",
        "message_no_reply": "You cannot reply here. If you have a question, please call us.",
        "again_title": "That did not work",
        "again": "This page was open for too long. Please go back, load it again and repeat the last step.",
        "too_fast_title": "Please wait a moment",
        "too_fast": "There were very many requests. Please try again in a minute.",
        "too_many_dates": (
            "Too many dates that do not fit came from your connection. Please try again later, or call us."
        ),
        "too_large_title": "That was too long",
        "too_large": "What was sent is larger than this page can take. Please go back and make it shorter, or call us.",
        "not_now_title": "Not right now",
        "not_now": (
            "What you just sent was not saved. What you saved before is not lost. "
            "Please try again in a minute, or call us."
        ),
        "broken_title": "Something went wrong",
        "broken": "This is our fault. What you saved before is not lost. Please try again or call us.",
        "sources": "About this form",
    }
)

SPANISH: Mapping[str, str] = MappingProxyType(
    {
        "skip": "Ir a la parte principal",
        "other_language": "English",
        "problem": "Por favor revise esta página",
        "questions_call": "¿Preguntas? Llame al",
        "nobody_reads": "Nadie vigila estas páginas todo el tiempo.",
        "next": "Guardar y seguir",
        "back": "Atrás",
        "later": "Guardar y terminar más tarde",
        "step": "Paso {n} de {total}",
        "optional": "Puede dejar esta sin responder.",
        "withdraw_link": "Ya no quiero una visita",
        "birth_title": "Su fecha de nacimiento",
        "birth_why": "La pedimos para que nadie más pueda abrir sus páginas.",
        "month": "Mes",
        "day": "Día",
        "year": "Año",
        "open": "Abrir",
        "birth_incomplete": "Escriba un mes, un día y un año, por ejemplo 23 de abril de 1990.",
        "birth_wrong": (
            "Esta fecha no corresponde a este enlace. Por favor revísela. Después de 5 fechas equivocadas el "
            "enlace se bloquea."
        ),
        "closed_title": "Este enlace está cerrado",
        "closed_unknown": (
            "Este enlace no abre nada. Puede estar incompleto, ser demasiado antiguo o haber sido reemplazado por uno "
            "más nuevo. Ábralo otra vez desde nuestro mensaje más reciente, o llámenos y le enviaremos uno nuevo."
        ),
        "closed_locked": "Se escribió una fecha equivocada demasiadas veces y el enlace se bloqueó. Llámenos.",
        "closed_used": "Usted ya hizo esto. Aquí no hay nada más que hacer.",
        "closed_revoked": (
            "Este enlace ya no se necesita. Si tiene un mensaje nuestro más nuevo, use el enlace de ese mensaje."
        ),
        "closed_expired": "Este enlace es demasiado antiguo. Llámenos y le enviaremos uno nuevo.",
        "closed_moved_on": "Por ahora no hay nada que hacer aquí. Si espera algo de nosotros, por favor llame.",
        "closed_again": "Si tiene dudas, llámenos. Le ayudamos con gusto.",
        "english_only": (
            "Estas preguntas están en inglés porque todavía no tenemos la traducción oficial. Si prefiere "
            "responder en español, llámenos."
        ),
        "more_questions": "Gracias. Hay unas preguntas más en esta página.",
        "not_answered": "La pregunta {n} todavía no tiene respuesta.",
        "saved_title": "Guardado",
        "saved": "Sus respuestas están guardadas. Para seguir, abra otra vez el enlace de nuestro mensaje.",
        "about_title": "Sobre usted",
        "words_label": "¿Qué le trae aquí?",
        "words_hint": "Escriba tanto o tan poco como quiera. También puede dejarlo vacío.",
        "consent_title": "¿Puede un programa de computadora leer lo que escribe aquí y lo que dice su referencia?",
        "consent_what": (
            "El programa busca en esos textos señales de que usted pueda estar en peligro. Su único fin es avisar a un "
            "profesional clínico. Esa persona los lee y decide. El programa no decide nada y nunca "
            "le escribe."
        ),
        "consent_free": (
            "Usted recibe la misma atención si dice que no. Puede cambiar de opinión en cualquier momento: "
            "llámenos y lo apagamos."
        ),
        "consent_yes": "Sí, el programa puede leerlo",
        "consent_no": "No, solo personas pueden leerlo",
        "consent_missing": "Diga sí o no: ¿puede leerlo un programa de computadora?",
        "modality_label": "¿Cómo prefiere que nos veamos?",
        "modality_office": "En persona",
        "modality_telehealth": "Por video",
        "modality_either": "Las dos formas están bien",
        "times_label": "¿Qué horas le convienen normalmente?",
        "times_hint": "Elija todas las que quiera. Ninguna significa que cualquier hora está bien.",
        "part_am": "Mañana",
        "part_pm": "Tarde",
        "part_eve": "Noche",
        "language_label": "¿Qué idioma quiere hablar?",
        "access_label": "¿Qué necesita para entrar?",
        "access_yes": "Necesito un lugar sin escalones",
        "send": "Enviar mis respuestas",
        "missing_measure": "Algunas preguntas de otra página todavía no tienen respuesta.",
        "done_title": "Gracias",
        "done": "Tenemos sus respuestas. Ahora buscamos a la persona indicada para usted y después le escribiremos.",
        "done_wait": "Por ahora no hay nada más que hacer.",
        "choose_title": "Elija una hora",
        "choose_hint": "Las horas no están reservadas para usted. La recibe quien la elija primero.",
        "choose_zone": "Todas las horas son en {zone}.",
        "choose_this": "Elegir esta hora",
        "minutes": "{n} minutos",
        "with": "con {name}",
        "place_office": "En persona, {place}",
        "place_telehealth": "Por video",
        "place_either": "En persona o por video, como prefiera",
        "none_suit": "Ninguna de estas horas me conviene",
        "none_suit_hint": "Una persona buscará otra hora y le escribirá.",
        "taken": "Lo sentimos. Otra persona acaba de elegir esa hora. Aquí están las demás.",
        "taken_all_title": "Estas horas ya no están libres",
        "taken_all": "Lo sentimos. Otra persona fue más rápida. Pronto le enviaremos horas nuevas.",
        "no_times": "Aquí ya no hay horas libres. Pronto le enviaremos horas nuevas. También puede llamarnos.",
        "waitlisted_title": "Usted está en nuestra lista",
        "waitlisted": "Una persona busca otra hora. Le escribiremos.",
        "appointment_title": "Su visita",
        "status_booked": "Reservada",
        "status_confirmed": "Usted dijo que vendrá",
        "status_attended": "Esta visita ya se hizo",
        "status_no_show": "Esta visita no se hizo",
        "status_cancelled": "Cancelada",
        "status_late_cancelled": "Cancelada",
        "when": "Cuándo",
        "where": "Dónde",
        "who": "Con quién",
        "confirm": "Sí, voy a ir",
        "cancel": "No puedo ir",
        "over": "Esta hora ya pasó. Si algo salió mal, por favor llámenos.",
        "cancelled_next": "Lo hemos anotado. Si hace falta, le llamaremos.",
        "cancelled_new": "Lo hemos anotado. Le enviaremos horas nuevas.",
        "cancel_title": "¿No puede venir?",
        "cancel_late": (
            "Falta menos de un día para su visita, así que cuenta como un cambio tardío. De todos modos, "
            "por favor díganoslo."
        ),
        "cancel_label": "¿Qué hacemos?",
        "cancel_new": "Búsquenme otra hora",
        "cancel_call": "Llámenme, por favor",
        "cancel_withdraw": "Ya no quiero una visita",
        "cancel_send": "Cancelar esta visita",
        "cancel_missing": "Elija qué debemos hacer.",
        "keep": "Mantener mi visita",
        "withdraw_title": "¿Ya no quiere una visita?",
        "withdraw_text": "Cerraremos su solicitud y no volveremos a escribirle. Puede llamarnos cuando quiera.",
        "withdraw_yes": "Sí, cerrar mi solicitud",
        "withdrawn_title": "Su solicitud está cerrada",
        "withdrawn": "Gracias por decírnoslo. Si cambia de opinión, llámenos.",
        "billing_name_title": "Su apellido",
        "billing_name_why": (
            "Lo pedimos para que nadie más pueda abrir sus páginas. Escríbalo como está en su tarjeta del seguro."
        ),
        "billing_name_label": "Apellido",
        "billing_name_missing": "Escriba su apellido.",
        "billing_name_wrong": (
            "Este apellido no corresponde a este enlace. Por favor revíselo. Después de 5 apellidos equivocados el "
            "enlace se bloquea."
        ),
        "billing_title": "Faltan unos datos",
        "billing_why": (
            "Los necesitamos para enviar la cuenta a su seguro. Pedimos solo lo que falta. Tenga a mano su tarjeta del "
            "seguro."
        ),
        "billing_card": "De su tarjeta del seguro",
        "billing_holder": "Quién tiene el seguro",
        "billing_you": "Sobre usted",
        "billing_home": "Dónde vive",
        "billing_member_id": "Número de miembro",
        "billing_member_id_hint": (
            "En el frente de la tarjeta, junto a “Member ID”, “Subscriber ID” o “ID number”. Las letras del principio "
            "también cuentan."
        ),
        "billing_group_number": "Número de grupo",
        "billing_group_number_hint": "En el frente de la tarjeta, junto a “Group” o “GRP”.",
        "billing_relationship": "¿De quién es el seguro?",
        "billing_relationship_18": "Mío",
        "billing_relationship_01": "De mi esposo, esposa o pareja",
        "billing_relationship_19": "De mi madre o mi padre",
        "billing_relationship_G8": "De otra persona",
        "billing_subscriber_family_name": "Su apellido (de esa persona)",
        "billing_subscriber_family_name_hint": "Como está en la tarjeta. Si el seguro es suyo, escriba el de usted.",
        "billing_subscriber_given_name": "Su nombre (de esa persona)",
        "billing_subscriber_birth_date": "Su fecha de nacimiento (de esa persona)",
        "billing_subscriber_sex": "Su sexo, como lo tiene el seguro (de esa persona)",
        "billing_birth_date": "Su fecha de nacimiento",
        "billing_sex": "Su sexo, como lo tiene su seguro",
        "billing_sex_F": "Femenino",
        "billing_sex_M": "Masculino",
        "billing_sex_U": "Ninguno, o no lo sé",
        "billing_line": "Calle y número",
        "billing_second_line": "Apartamento o piso",
        "billing_city": "Ciudad",
        "billing_state": "Estado",
        "billing_state_hint": "Dos letras, por ejemplo OR.",
        "billing_zip_code": "Código postal",
        "billing_zip_code_hint": "Cinco cifras.",
        "billing_empty": "Complete: {label}",
        "billing_wrong": "Por favor revise: {label}",
        "billing_send": "Enviar",
        "billing_done_title": "Gracias",
        "billing_done": "Tenemos lo que necesitamos. Por ahora no hay nada más que hacer.",
        "check_in_title_phq9": "Unas preguntas",
        "check_in_title_gad7": "Unas preguntas",
        "check_in_title_mood": "¿Cómo está?",
        "check_in_title_homework": "Lo que pensaba probar",
        "check_in_question_mood": "¿Cómo ha estado su ánimo desde la última vez que le preguntamos?",
        "mood_hint": "Elija un número. No hay respuestas incorrectas.",
        "mood_worst": "lo peor posible",
        "mood_best": "lo mejor posible",
        "check_in_question_homework": "¿Lo probó?",
        "homework_was": "Usted acordó esto con la persona que le atiende:",
        "homework_0": "Esta vez no",
        "homework_1": "Una parte",
        "homework_2": "Sí",
        "check_in_words": "¿Quiere añadir algo?",
        "check_in_words_hint": (
            "Puede dejarlo vacío. Lo lee la persona que le atiende; nadie lo mira todo el tiempo. Un programa de "
            "computadora puede leerlo antes, si usted dijo que sí."
        ),
        "check_in_done_title": "Gracias",
        "check_in_done": "Tenemos sus respuestas. La persona que le atiende las verá. No tiene que hacer nada más.",
        "check_in_done_late": "Tenemos sus respuestas. Llegaron más tarde de lo pedido, y cuentan igual.",
        "check_in_answered_title": "Ya respondió",
        "check_in_answered": (
            "Ya tenemos sus respuestas a estas preguntas. Un segundo intento no cambia nada. Si quiere añadir algo, "
            "dígalo en su próxima visita o llámenos."
        ),
        "message_title": "Un mensaje para usted",
        "message_no_reply": "Aquí no se puede responder. Si tiene una pregunta, por favor llámenos.",
        "again_title": "No funcionó",
        "again": "Esta página estuvo abierta demasiado tiempo. Vuelva atrás, cárguela otra vez y repita el paso.",
        "too_fast_title": "Espere un momento, por favor",
        "too_fast": "Hubo muchísimas peticiones. Inténtelo otra vez en un minuto.",
        "too_many_dates": (
            "Desde su conexión llegaron demasiadas fechas que no corresponden. Inténtelo más tarde o llámenos."
        ),
        "too_large_title": "Era demasiado largo",
        "too_large": "Lo que se envió es más grande de lo que esta página acepta. Acórtelo, por favor, o llámenos.",
        "not_now_title": "Ahora no es posible",
        "not_now": (
            "Lo que acaba de enviar no se guardó. Lo que guardó antes no se perdió. Inténtelo en un minuto o llámenos."
        ),
        "broken_title": "Algo salió mal",
        "broken": "Es culpa nuestra. Lo que guardó antes no se perdió. Inténtelo otra vez o llámenos.",
        "sources": "Sobre este formulario",
    }
)

STRINGS: Mapping[str, Mapping[str, str]] = MappingProxyType({"en": ENGLISH, "es": SPANISH})


def page_language(*wishes: str | None) -> str:
    """The first wish we have words for, else English; a wish may be a browser's list such as ``es-MX,es;q=0.9``."""
    for wish in wishes:
        for part in (wish or "").split(","):
            language = part.split(";")[0].strip().lower().split("-")[0]
            if language in LANGUAGES:
                return language
    return "en"
