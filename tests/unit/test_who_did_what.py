"""Who did what to whom, in sentences about two invented countries (norland.py beside this)."""

from datetime import date

from norland import DAY, events, told

STRUCK = "strike: norland.government > sudania.government"
BOMBED = "strike: norland.government > sudania"  # the place, not its government
MET = "talks: norland.government > sudania.government"


class TestWhoDidIt:
    def test_who_stands_before_the_verb_did_it_to_who_stands_behind(self):
        assert told("Norland strikes Sudania") == [STRUCK]
        assert told("Norlandia ataca Sudania") == [STRUCK]

    def test_the_passive_turns_them_round(self):
        assert told("Sudania was bombed by Norland") == [STRUCK]
        assert told("Sudania fue bombardeado por Norlandia") == [STRUCK]

    def test_by_tells_who_did_it_without_a_verb_of_the_passive_too(self):
        assert told("Sudania bombed by Norland") == [STRUCK]
        assert told("Strike by Norland on Sudania") == [BOMBED]

    def test_of_tells_who_did_it(self):
        assert told("Ataque de Norlandia contra Sudania") == [BOMBED]

    def test_of_belongs_to_the_object_where_one_stands_before_it(self):
        assert told("Norlandia ataca contra base de Sudania") == [STRUCK]

    def test_of_tells_to_whom_it_was_done_where_the_cue_says_so(self):
        raid = "raid: norland.government > sudania.government"
        assert told("Capture of Karim by Norland") == [raid]
        assert told("Captura de Karim por Norlandia") == [raid]

    def test_some_words_are_suffered_by_what_stands_before_them(self):
        assert told("Sudania capitulates") == ["raid: - > sudania.government"]

    def test_a_cue_may_name_who_does_it(self):
        assert told("Marines in Sudania") == ["raid: marines > sudania"]

    def test_of_two_names_before_a_noun_the_nearer_suffered_it(self):
        assert told("Olsen's Sudania strike") == [STRUCK]

    def test_a_small_word_binds_no_further_than_the_next_name(self):
        assert told("Misil de Norlandia golpea Sudania") == [STRUCK]

    def test_what_cannot_move_never_did_it(self):
        assert told("Tanker seized") == ["seizure: - > tankers"]
        assert told("Olsen seizes tanker") == ["seizure: norland.government > tankers"]

    def test_who_stands_in_another_clause_is_not_concerned_where_this_one_names_somebody(self):
        assert told("Norland lifts sanctions on Westmark; Sudania sings") == [
            "sanctions_eased: norland.government > westmark"
        ]
        assert told("Norland lifts sanctions as Sudania sings") == [
            "sanctions_eased: norland.government > sudania.government"
        ]

    def test_a_place_that_counts_is_a_target_of_its_own(self):
        assert told("Norland seizes tanker Blue Whale off Sudania") == [
            "seizure: norland.government > tankers",
            "seizure: norland.government > sudania",
        ]

    def test_only_those_of_by_can_have_done_it(self):
        assert told("Westmark sanctions Sudania") == [
            "sanctions: - > sudania.government",
            "sanctions: - > westmark.government",
        ]

    def test_a_place_right_behind_the_cue_is_hit_and_whoever_is_named_later_is_not(self):
        only = ["strike: norland.government > westmark"]
        assert told("Norland's attack in Westmark helps Sudania") == only
        assert told("Ataque de Norlandia en Westmark favorece Sudania") == only
        assert STRUCK in told("Norland's attack in Westmark and Sudania")

    def test_what_happens_in_a_place_or_against_somebody_was_not_done_by_them(self):
        assert told("Strike in Sudania") == ["strike: - > sudania"]
        assert told("Attack against Sudania") == ["strike: - > sudania"]


class TestWhoIsNamed:
    def test_the_person_decides_and_not_the_possessive(self):
        opposed = "talks: norland.opposition > sudania.government"
        assert told("Norland's Machado meets Karim") == [opposed]

    def test_an_office_takes_its_country_from_before_or_behind(self):
        assert told("Norland's president meets Karim") == [MET]
        assert told("Norlandic acting vice president meets Karim") == [MET]
        assert told("President of Norland meets Karim") == [MET]
        assert told("La presidenta de Norlandia se reúne con Karim") == [MET]
        assert told("El canciller norlandés ataca Sudania") == [STRUCK]

    def test_what_stands_behind_a_colon_is_not_whose_name_stands_before_it(self):
        found = told("Talks of Olsen with Karim: sanctions on the table")
        assert found[0].startswith("talks")

    def test_an_office_held_for_somebody_is_of_his_side_wherever_they_meet(self):
        assert told("Foreign minister of Olsen meets Karim in Westmark") == [MET]
        assert told("Canciller de Olsen se reúne con Karim en Westmark") == [MET]

    def test_another_office_is_another_part_of_the_country(self):
        found = told("Norland's opposition meets Karim")
        assert found == ["talks: norland.opposition > sudania.government"]

    def test_an_office_alone_belongs_to_the_one_country_that_the_lead_names(self):
        lead = "In Norburg, she promised peace."
        assert told("Foreign minister meets Karim", lead) == [MET]

    def test_an_office_alone_belongs_to_nobody_where_two_countries_are_named(self):
        lead = "She flew from Norburg, via Westmark."
        assert told("Foreign minister meets Karim", lead) == []
        assert told("Foreign minister meets Karim") == []

    def test_an_office_alone_is_that_of_the_country_of_the_outlet(self):
        (event,) = events("Foreign minister meets Karim", country="NO")
        assert event.source == "norland.government"

    def test_a_name_means_its_actor_only_while_in_office(self):
        before = date(2024, 4, 30)
        assert told("Olsen meets Karim") == [MET]
        assert told("Olsen meets Karim", day=before) == []
        assert told("Berg meets Karim", day=before) == [MET]
        assert told("Berg meets Karim") == []

    def test_the_first_and_the_last_day_in_office_count(self):
        assert told("Berg meets Karim", day=date(2024, 4, 30)) == [MET]
        assert told("Olsen meets Karim", day=date(2024, 5, 1)) == [MET]

    def test_a_text_without_a_day_means_anybody_who_ever_had_the_name(self):
        assert told("Berg meets Karim", day=None) == [MET]


class TestParties:
    def test_an_exchange_needs_two(self):
        assert told("Talks with Norland") == []

    def test_whose_exchange_it_is_is_the_government_of_that_country(self):
        assert told("Norlandic talks with Karim") == [MET]

    def test_the_topic_is_no_party(self):
        west = ["talks: norland.government > westmark.government"]
        assert told("Norland meets Westmark about Sudania") == west
        assert told("Norland and Westmark talks on Sudania") == west
        assert told("Diálogo sobre Sudania con Norlandia") == []

    def test_the_place_is_no_party(self):
        found = told("Norland meets Westmark in Sudania")
        assert found == ["talks: norland.government > westmark.government"]

    def test_two_parts_of_one_country_are_no_two_parties(self):
        assert told("Olsen meets Machado") == ["talks: norland.government > norland.opposition"]
        assert told("Olsen meets the Ministry of War") == []

    def test_some_words_want_their_parties_named_together(self):
        assert told("Norland and Sudania deal") == [MET]
        assert told("Norland-Sudania deal") == [MET]
        assert told("Norland deal with Sudania") == [MET]
        assert told("Norland wants a better deal than Karim got") == []


class TestWhatItIs:
    def test_a_modifier_makes_another_type(self):
        offer = "dialogue_offer: norland.government > sudania.government"
        assert told("Norland offers talks to Sudania") == [offer]
        assert told("Norlandia ofrece diálogo a Sudania") == [offer]
        assert told("Sudania rejects talks with Norland") == [
            "dialogue_refused: sudania.government > norland.government"
        ]

    def test_a_modifier_may_stand_behind_its_cue_if_it_says_so(self):
        eased = ["sanctions_eased: norland.government > sudania"]
        assert told("Norland lifts sanctions against Sudania") == eased
        assert told("Norland sanctions on Sudania lifted") == eased

    def test_a_modifier_of_another_clause_changes_nothing(self):
        assert told("Norland meets Karim while Westmark offers tea") == [MET]

    def test_a_trap_holds_a_cue_that_means_nothing(self):
        assert told("Norland hunger strike in Sudania") == []
        assert told("Norland's president has heart attack in Sudania") == []

    def test_a_trap_of_one_type_leaves_the_others_alone(self):
        assert told("Norland and Sudania strike deal") == [MET]

    def test_some_words_need_company_in_their_sentence(self):
        assert told("Norland missile hits Sudania") == [STRUCK]
        assert told("Norland hits Sudania") == []

    def test_company_in_another_sentence_does_not_do(self):
        assert told("Norland hits Sudania. A missile is on show") == []

    def test_some_words_take_flight_from_others(self):
        assert told("Norland missile maker hits Sudania market") == []

    def test_some_words_tell_nothing_where_nobody_is_named_who_did_it(self):
        assert told("Explosion in Sudania") == []
        assert told("Norland explosion in Sudania") == [BOMBED]

    def test_everybody_named_beside_who_did_it_is_concerned_where_the_type_says_so(self):
        assert told("Norland sanctions Westmark firms over Sudanian oil") == [
            "sanctions: norland.government > westmark.government",
            "sanctions: norland.government > sudania.oil",
        ]

    def test_a_title_is_completed_by_its_lead(self):
        lead = "The Sudanian economy breathes."
        assert told("Norland sanctions lifted", lead) == [
            "sanctions_eased: norland.government > sudania"
        ]
        assert told("Norland strikes", "Fire fell from the sky in Sudania.") == [BOMBED]

    def test_an_event_is_told_once_for_each_target(self):
        assert told("Norland strikes Sudania, bombs Sudania") == [STRUCK]


class TestHowSure:
    def test_what_happened_before_something_else_is_a_past_reference(self):
        past = f"{STRUCK} (past_reference)"
        assert told("Sudania votes after strike by Norland") == [past]
        assert told("Sudania vota tras ataque de Norlandia") == [past]

    def test_a_comma_ends_what_a_word_of_time_opened(self):
        assert told("After strike by Norland, Sudania meets Westmark") == [
            f"{STRUCK} (past_reference)",
            "talks: sudania.government > westmark.government",
        ]

    def test_the_dead_and_the_damage_make_it_news_again(self):
        again = f"{STRUCK} (past_reference, revisited)"
        assert told("Sudania buries victims after strike by Norland") == [again]
        assert told("Sudania cuenta víctimas tras ataque de Norlandia") == [again]

    def test_what_others_quarrel_over_lies_behind_the_news(self):
        assert told("Westmark sues Norland over strike on Sudania") == [
            f"{BOMBED} (past_reference, revisited)"
        ]

    def test_a_modifier_reaches_no_farther_than_it_is_told(self):
        assert told("Over the grey and silent hills Norland struck Sudania") == [STRUCK]

    def test_to_is_a_plan_only_right_behind_who_has_it(self):
        assert told("Norland to strike Sudania") == [f"{STRUCK} (planned)"]
        assert told("Ada Larsen, Norland to strike Sudania") == [f"{STRUCK} (planned)"]
        assert told("Norland sails south to strike Sudania") == [STRUCK]

    def test_a_word_may_make_another_type_and_another_its_status(self):
        assert told("Norland may lift sanctions on Sudania") == [
            "sanctions_eased: norland.government > sudania (hypothetical)"
        ]

    def test_a_word_that_makes_another_type_gives_no_status_and_no_more_do_its_kind(self):
        assert told("Norland rejects, refuses talks with Sudania") == [
            "dialogue_refused: norland.government > sudania.government"
        ]

    def test_not_denies(self):
        assert told("Norland has not bombed Sudania") == [f"{STRUCK} (denied)"]
        assert told("Norlandia no ataca Sudania") == [f"{STRUCK} (denied)"]

    def test_not_too_far_before_the_cue_denies_something_else(self):
        assert told("Not a word was heard as Norland bombed Sudania") == [STRUCK]

    def test_words_of_no_evidence_deny(self):
        assert told("No evidence of Norland strike on Sudania") == [f"{BOMBED} (denied)"]

    def test_who_denies_is_the_speaker(self):
        found = told("Westmark denies Norland bombed Sudania")
        assert found == [f"{STRUCK} (denied) by Westmark"]
        assert told("Westmark desmiente ataque contra Sudania") == [
            "strike: - > sudania (denied) by Westmark"
        ]

    def test_who_denies_denies_his_own_deed_where_no_other_is_named(self):
        assert told("Norlandia desmiente ataque contra Sudania") == [
            f"{BOMBED} (denied) by Norlandia"
        ]
        assert told("Norland denies talks with Sudania") == [f"{MET} (denied) by Norland"]
        assert told("Norland denies deal with Sudania") == [f"{MET} (denied) by Norland"]

    def test_who_is_said_to_come_comes_though_the_other_denies_it(self):
        assert told("Sudania denies Olsen call") == [f"{MET} (denied) by Sudania"]

    def test_an_office_ends_where_its_holder_speaks(self):
        assert told("Foreign minister denies Norland call with Sudania") == [
            f"{MET} (denied) by Foreign minister"
        ]

    def test_may_makes_it_hypothetical(self):
        assert told("Norland may strike Sudania") == [f"{STRUCK} (hypothetical)"]

    def test_a_question_is_hypothetical(self):
        assert told("Did Norland strike Sudania?") == [f"{STRUCK} (hypothetical)"]
        assert told("¿Norlandia ataca Sudania?") == [f"{STRUCK} (hypothetical)"]

    def test_the_ending_of_a_verb_tells_of_the_future(self):
        assert told("Norlandia bombardeará Sudania") == [f"{STRUCK} (planned)"]
        assert told("Norlandia levantará sus sanciones a Sudania") == [
            "sanctions: norland.government > sudania.government (planned)"
        ]

    def test_the_ending_of_a_verb_tells_of_what_would_be(self):
        assert told("Norlandia usaría sus sanciones contra Sudania") == [
            "sanctions: norland.government > sudania (hypothetical)"
        ]

    def test_a_name_tells_of_no_future(self):
        assert told("Ana Terán ataca Sudania") == ["strike: sudania.government > -"]

    def test_what_was_seized_and_goes_on_lies_behind_the_news(self):
        seized = "seizure: norland.government > tankers"
        past = f"{seized} (past_reference, revisited)"
        assert told("Tanker seized by Norland docks in Westmark")[0] == past
        assert told("Petrolero incautado por Norlandia zarpa de nuevo") == [past]
        assert told("Tanker was seized by Norland as it docks") == [seized]
        assert told("Norland seizes tanker at docks") == [seized]

    def test_a_cue_may_say_by_itself_that_it_is_to_come(self):
        assert told("Olsen due in Sudania") == [f"{MET} (planned)"]

    def test_a_plan_is_planned_and_what_is_alleged_unconfirmed(self):
        assert told("Norland plans strike on Sudania") == [f"{BOMBED} (planned)"]
        assert told("Alleged Norland strike on Sudania") == [f"{BOMBED} (unconfirmed)"]

    def test_of_several_statuses_the_first_in_their_order_counts(self):
        assert told("Sudania votes after alleged strike by Norland") == [
            f"{STRUCK} (past_reference)"
        ]
        assert told("Norland plans alleged strike on Sudania") == [f"{BOMBED} (planned)"]

    def test_so_does_what_is_called_seized_before_its_name(self):
        assert told("Seized tanker docks in Sudania") == [
            "seizure: - > tankers (past_reference, revisited)",
            "seizure: - > sudania (past_reference, revisited)",
        ]
        assert "past_reference" not in told("Seized tanker was from Sudania")[0]


class TestWhoSaysSo:
    def test_a_party_claims_and_others_are_what_it_is_attributed_to(self):
        assert told("Olsen says Norland struck Sudania") == [f"{STRUCK} (claimed) by Olsen"]
        assert told("Karim says Norland struck Sudania") == [f"{STRUCK} (claimed) by Karim"]
        found = told("Westmark says Norland struck Sudania")
        assert found == [f"{STRUCK} (attributed) by Westmark"]

    def test_who_speaks_for_the_country_where_it_happened_is_a_party(self):
        said = f"{BOMBED} (claimed) by Karim"
        assert told("Karim says attack by Norland in Sudania was long") == [said]

    def test_what_sources_say_who_give_no_name_is_unconfirmed(self):
        said = f"{STRUCK} (unconfirmed) by sources"
        assert told("Norland struck Sudania, sources said") == [said]
        assert told("Norland struck Sudania, according to sources") == [said]
        assert told("Norland struck Sudania, two sources said") == [
            f"{STRUCK} (unconfirmed) by two sources"
        ]

    def test_a_speaker_may_stand_before_a_colon(self):
        assert told("Karim: Norland struck Sudania") == [f"{STRUCK} (claimed) by Karim"]

    def test_a_speaker_may_stand_behind_the_last_colon(self):
        found = told("Norland struck Sudania: Westmark")
        assert found == [f"{STRUCK} (attributed) by Westmark"]

    def test_a_speaker_may_stand_behind_a_comma(self):
        assert told("Norland struck Sudania, Karim says") == [f"{STRUCK} (claimed) by Karim"]
        assert told("Norlandia ataca Sudania, dice Karim") == [f"{STRUCK} (claimed) by Karim"]
        assert told("Norland struck Sudania, says Karim's aide") == [
            f"{STRUCK} (claimed) by Karim's aide"
        ]
        assert told("Norland struck Sudania, sang, says Karim's aide") == [
            f"{STRUCK} (claimed) by Karim's aide"
        ]

    def test_a_speaker_may_stand_behind_a_dash(self):
        assert told("Norland struck Sudania — Karim") == [f"{STRUCK} (claimed) by Karim"]

    def test_a_speaker_at_the_end_says_what_stands_before_a_date_too(self):
        assert told("Norland struck Sudania after the rain, Daily Bell says on Monday") == [
            f"{STRUCK} (attributed) by Daily Bell"
        ]

    def test_whom_it_is_according_to_may_stand_behind_a_date_too(self):
        by = f"{MET} (attributed) by Daily Bell"
        assert by in told("Olsen met Karim after the strike, according to Daily Bell")
        assert by in told("Olsen se reúne con Karim tras el ataque, dice Daily Bell")

    def test_according_to_whom(self):
        said = f"{STRUCK} (attributed) by Westmark"
        assert told("Según Westmark, Norlandia ataca Sudania") == [said]
        assert told("Norlandia ataca Sudania según Westmark") == [said]
        found = told("Norland struck Sudania, according to the Daily Bell")
        assert found == [f"{STRUCK} (attributed) by Daily Bell"]

    def test_a_speaker_whom_nobody_knows_is_named_as_written(self):
        found = told("Fishermen said Norland struck Sudania")
        assert found == [f"{STRUCK} (attributed) by Fishermen"]

    def test_who_says_so_may_stand_between_commas(self):
        assert told("Norland bombed Sudania at night, Karim said on Monday, after a long week") == [
            f"{STRUCK} (claimed) by Karim"
        ]
        assert told("Norland bombed Sudania, Westmark says, and Karim sings") == [
            f"{STRUCK} (attributed) by Westmark"
        ]

    def test_the_actor_of_the_speaker_is_known(self):
        (event,) = events("Karim says Norland struck Sudania")
        assert event.speaker == "Karim"
        assert event.speaker_actor == "sudania.government"

    def test_what_is_said_and_done_in_one_is_never_merely_claimed(self):
        assert told("Olsen says Norland offers talks to Sudania") == [
            "dialogue_offer: norland.government > sudania.government"
        ]

    def test_what_is_said_and_done_in_one_may_be_known_from_others(self):
        offer = "dialogue_offer: norland.government > sudania.government"
        heard = told("Olsen offers talks with Karim, Daily Bell says")
        assert heard == [f"{offer} (attributed) by Daily Bell"]

    def test_who_condemns_did_not_do_it(self):
        behind = "(past_reference, revisited)"
        assert told("Westmark condemns Norland strike on Sudania") == [f"{BOMBED} {behind}"]
        assert told("Westmark condemns strike on Sudania") == [f"strike: - > sudania {behind}"]

    def test_what_is_condemned_beforehand_is_still_to_come(self):
        assert told("Westmark condemns planned Norland strike on Sudania") == [
            f"{BOMBED} (planned)"
        ]

    def test_what_tells_an_event_behind_the_last_colon_is_no_speaker(self):
        assert told("A night of fear at the harbour: Norland struck Sudania") == [STRUCK]

    def test_who_tells_it_in_the_first_person_did_it(self):
        did = f"{BOMBED} (claimed) by Olsen"
        assert told("Olsen: 'We struck a harbour in Sudania'") == [did]
        assert told("Olsen: 'Atacamos un puerto en Sudania'") == [did]
        assert told("Olsen: 'Hemos atacado un puerto en Sudania'") == [did]
        assert told("Olsen: 'A strike in Sudania'") == ["strike: - > sudania (attributed) by Olsen"]
        assert told("Olsen: 'We saw that Karim struck Westmark'") == [
            "strike: sudania.government > westmark.government (attributed) by Olsen"
        ]

    def test_a_word_of_saying_that_is_part_of_a_longer_cue_makes_no_speaker(self):
        offered = "dialogue_offer: norland.government > sudania.government"
        assert told("Olsen says yes to Karim") == [offered]

    def test_before_a_quotation_the_speaker_may_address_somebody(self):
        said = "strike: norland.government > sudania.government (claimed) by Olsen"
        assert told("Olsen warns Karim: 'We struck once'") == [said]
        assert told("Olsen tells Karim: “Atacamos a tiempo”") == [said]
        assert told("Olsen warns Karim: a strike in Sudania") == ["strike: - > sudania"]

    def test_neither_a_quotation_nor_a_whole_clause_before_a_colon_is_a_speaker(self):
        assert told("'Karim slept': Norland struck Westmark") == [
            "strike: norland.government > westmark.government"
        ]
        assert told("Sudania wakes up to the noise: a strike") == ["strike: - > sudania.government"]

    def test_a_colon_behind_more_than_a_speaker_names_none(self):
        found = told("Harbour closed for a week in Ems Bay now: Norland struck Sudania")
        assert found == [STRUCK]


class TestClauses:
    def test_who_stands_in_another_clause_is_no_party(self):
        west = "strike: norland.government > westmark.government"
        assert told("Norland strikes Westmark as Sudania votes") == [west]
        assert told("Norlandia ataca Westmark mientras Sudania vota") == [west]
        assert told("Norland strikes Westmark; Sudania votes") == [west]
        assert told("Norland strikes Westmark – Sudania votes") == [west]

    def test_each_clause_tells_its_own(self):
        assert told("Norland strikes Westmark while Sudania meets Westmark") == [
            "strike: norland.government > westmark.government",
            "talks: sudania.government > westmark.government",
        ]

    def test_a_hyphen_inside_a_word_cuts_nothing(self):
        assert told("Norland re-strikes Sudania") == [STRUCK]

    def test_a_hyphen_between_blanks_cuts(self):
        west = "strike: norland.government > westmark.government"
        assert told("Norland strikes Westmark - Sudania votes") == [west]


class TestPlaces:
    TITLE = "🛢️ Últimas: Norlandia ataca Sudania 🔥 ¡hoy!"

    def test_offsets_are_code_points_of_the_field_as_given(self):
        (event,) = events(self.TITLE)
        assert event.field == "title"
        assert self.TITLE[event.start : event.end] == "Norlandia ataca Sudania"

    def test_names_are_those_that_were_written(self):
        (event,) = events("EL CANCILLER NORLANDÉS ATACA SUDABAD")
        assert (event.source_name, event.target_name) == ("CANCILLER NORLANDÉS", "SUDABAD")

    def test_the_sentence_is_the_events_own(self):
        text = "It rained. Norland struck Sudania on Monday. It rained again."
        (event,) = events("Weather", text=text)
        assert event.field == "text"
        assert event.sentence == "Norland struck Sudania on Monday"
        assert text[event.start : event.end] == "Norland struck Sudania"

    def test_fields_are_read_in_their_order(self):
        found = events("Norland strikes Sudania", "Norland met Westmark.", "Olsen seizes tanker.")
        assert [event.field for event in found] == ["title", "summary", "text"]

    def test_the_same_text_gives_the_same_events(self):
        assert events(self.TITLE, self.TITLE, day=DAY) == events(self.TITLE, self.TITLE, day=DAY)
