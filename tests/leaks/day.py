"""The whole day of the practice with marker words in every field, from the first file to the last run."""

from tests.leaks.care import go_on_in_care
from tests.leaks.claims import (
    answer_the_denial,
    correct_the_claim,
    correct_the_code,
    drop_remittances,
    fill_in_the_card,
    give_it_up,
    open_billing,
    settle_a_stray_payment,
)
from tests.leaks.levels import take_down_and_up
from tests.leaks.people import (
    Practice,
    R,
    answer_the_questions,
    be_declined,
    break_a_seal,
    come_through_the_desk,
    drop_referrals,
    find_no_time,
    go_to_the_first_session,
    look_after_accounts,
    look_after_the_broken_row,
    look_at_everything,
    make_mistakes,
    open_in_an_emergency,
    run_everything,
    tell_namesakes_apart,
    withdraw,
    write_a_text_message,
    write_notes,
)
from tests.leaks.pilots import ask_for_a_template, try_a_plan
from tests.leaks.safety import look_after_safety
from tests.leaks.times import keep_times
from tests.test_leaks import opened_content


def live_a_day(at: Practice, names: list[str]) -> None:
    """Everything that this practice sees, one after the other; while a payer is waited for, something else is done."""
    open_billing()
    drop_referrals()
    drop_remittances()
    come_through_the_desk(at)
    look_after_accounts(at)
    for act in (
        go_to_the_first_session,
        write_notes,
        keep_times,
        go_on_in_care,
        be_declined,
        settle_a_stray_payment,
        answer_the_questions,
        fill_in_the_card,
        open_in_an_emergency,
        find_no_time,
        correct_the_claim,
        withdraw,
        write_a_text_message,
        correct_the_code,
        tell_namesakes_apart,
        look_after_the_broken_row,
        answer_the_denial,
        give_it_up,
        look_after_safety,
    ):
        act(at)
    for name in ("uploaded", "typed", "namesake"):
        at.at(name, R.ASSIGNMENT, R.RISK_REVIEW)
    try_a_plan(at)
    ask_for_a_template(at)
    look_at_everything(at)
    take_down_and_up(at)
    make_mistakes(at)
    at.opened = opened_content()
    break_a_seal(at)
    run_everything(at, names)
