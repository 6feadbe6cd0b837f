//! One suite for both databases: each case runs on SQLite and on Postgres, in a database of its own.

mod agents;
mod authorize;
mod barring;
mod batches;
mod calls;
mod cases;
mod casework;
mod customers;
mod faults;
mod floors;
mod imports;
mod letters;
mod lists;
mod outbound;
mod recovery;
mod spool;
mod told;
mod work;
mod world;

/// Makes two tests of each case, and a module of each database.
macro_rules! on_both {
    ($($module:ident: $($case:ident),+;)+) => {
        mod sqlite {
            $($(#[tokio::test]
            async fn $case() {
                super::$module::$case(super::world::Place::sqlite()).await;
            })+)+
        }
        mod postgres {
            $($(#[tokio::test]
            async fn $case() {
                super::$module::$case(super::world::Place::postgres().await).await;
            })+)+
        }
    };
}

on_both! {
    batches: a_batch_is_read_back_as_it_was_written, the_last_record_of_a_batch_stands,
        a_batch_repeated_changes_nothing, batches_of_any_size_are_kept_whole,
        tenants_never_see_each_other, a_nul_from_the_network_is_no_fault;
    calls: a_list_is_newest_first_and_pages_through_ties, filters_narrow_the_list,
        a_page_has_its_bounds;
    agents: records_are_read_back_in_order, time_in_states_is_cut_to_the_period,
        times_of_one_agent_are_those_of_all;
    floors: the_latest_definition_holds_and_the_former_are_kept, tokens_are_kept_by_hash,
        a_token_is_revoked_once, the_first_answer_to_a_request_is_kept,
        old_requests_are_forgotten, the_database_describes_itself;
    authorize: leads_come_in_order_and_once, what_was_permitted_counts_for_the_next,
        a_refusal_is_kept_with_the_lead_until_it_ends,
        promised_calls_come_first_and_by_whom_they_were_promised, lists_share_the_calls_by_weight,
        a_filter_gets_through_however_few_pass, a_lead_is_looked_at_before_it_is_called,
        what_was_tried_often_enough_is_given_up, what_is_withheld_stays_as_it_is,
        nothing_is_authorized_while_changes_are_spooled, many_at_once_never_exceed_a_limit;
    imports: an_import_resumes_and_counts_when_it_is_finished, duplicates_follow_the_lists_policy,
        an_update_has_those_looked_at_again_who_only_wait_for_their_hours,
        an_update_is_seen_where_a_filter_had_passed_over_it_and_in_its_new_order,
        an_import_that_is_given_up_leaves_nothing, a_list_is_called_in_its_order,
        leads_are_found_and_paged, promised_calls_are_laid_into_a_list_and_taken_out_of_it,
        the_leads_of_whoever_is_erased_go_unless_one_is_in_a_call;
    barring: an_entry_bars_by_its_reach, a_registry_replaces_its_former_version,
        entries_are_listed_and_taken_out;
    outbound: attempts_are_listed_and_counted, a_dead_node_loses_no_lead,
        the_trail_is_chained_once, campaigns_and_calls_are_read_back;
    recovery: what_a_dead_node_left_open_is_ended_once, what_was_ended_is_left_alone,
        a_clock_set_back_signs_agents_out_behind_their_last_record;
    faults: cancelled_commits_leave_the_pool_healthy, a_value_that_cannot_be_read_is_named,
        a_newer_schema_is_refused, what_is_kept_outlives_the_handle;
    spool: changes_outlive_an_outage_and_a_restart, a_replay_that_was_cut_short_is_repeated,
        the_spool_drains_by_itself_when_the_database_is_back, an_unfinished_tail_is_cut_off,
        damage_in_the_middle_is_refused, a_spool_has_one_user;
    work: a_record_is_changed_only_by_whoever_read_its_last_version,
        work_done_again_gets_its_first_answer, a_reader_only_goes_on,
        records_wake_in_the_order_of_their_time, a_list_of_records_is_narrowed_and_paged,
        an_agenda_is_in_the_order_of_what_is_due, the_trail_says_what_was_done_with_it,
        a_case_is_found_by_its_key_alone;
    told: events_are_counted_without_a_gap_and_kept_once, many_at_once_leave_no_gap,
        calls_are_told_once_also_when_a_batch_is_repeated,
        attempts_are_told_when_they_are_dialed_and_when_they_end,
        a_survey_is_told_when_it_is_asked_and_when_it_is_answered,
        what_a_dead_node_left_open_is_told;
    customers: customers_are_found_by_number_name_and_key, names_are_paged_in_their_order,
        a_key_is_one_customers_of_a_client_company, a_number_shows_who_has_it_and_what_is_open,
        a_merged_customers_contacts_are_the_others, an_erased_customer_leaves_dates_alone;
    letters: a_mail_waits_until_it_is_sent_once, a_webhook_keeps_its_place_and_what_it_holds_back;
}

/// What only a server can do.
mod postgres_sessions {
    macro_rules! cases {
        ($($case:ident),+ $(,)?) => {$(
            #[tokio::test]
            async fn $case() {
                super::faults::$case(super::world::Place::postgres().await).await;
            }
        )+};
    }
    cases! {
        ended_sessions_are_replaced, a_session_that_became_read_only_is_put_away,
        a_read_only_server_is_no_server,
    }
}
