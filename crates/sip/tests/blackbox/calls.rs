//! Calls, with sipp as the carrier and as the phone.

use timbre_sip::media::Language;
use timbre_sip::{Command, End, Event, Refusal, RefusedFor};

use crate::sipp::Sipp;
use crate::world::{World, config};

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_bridged_with_a_registered_phone_and_hung_up() {
    let mut world = World::new(config()).await;
    let phone = Sipp::phone("phone_answers.xml");
    world.register(phone.port).await;
    let caller = Sipp::caller("caller_answered.xml", "127.0.0.1", world.port);
    let call = world.arrival().await;
    assert_eq!((call.trunk.as_str(), call.dialed.as_str()), ("carrier", "+34910000001"));
    assert_eq!(call.caller.as_deref(), Some("+34600000001"));
    let customer = call.leg;
    world.switch.perform(Command::Progress { leg: customer });
    let agent = world.ring(1);
    assert_eq!(world.event().await, Event::Ringing { leg: agent });
    assert_eq!(world.event().await, Event::Answered { leg: agent });
    world.switch.perform(Command::Bridge { customer, agent });
    assert_eq!(world.event().await, Event::Answered { leg: customer });
    for leg in [customer, agent] {
        world.switch.perform(Command::HangUp { leg });
        assert_eq!(world.event().await, Event::Ended { leg, how: End::Ours });
    }
    caller.succeeds().await;
    phone.succeeds().await;
    world.falls_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_hangs_up_ends_its_leg_once() {
    let mut world = World::new(config()).await;
    let caller = Sipp::caller("caller_hangs_up.xml", "127.0.0.1", world.port);
    let leg = world.arrival().await.leg;
    world.switch.perform(Command::Greet { leg, language: Language::Es });
    assert_eq!(world.event().await, Event::Answered { leg });
    assert_eq!(world.event().await, Event::Ended { leg, how: End::FarEnd });
    world.switch.perform(Command::HangUp { leg });
    caller.succeeds().await;
    world.falls_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_over_tcp_goes_the_same_way() {
    let tcp = Some(std::net::SocketAddr::from(([127, 0, 0, 1], 0)));
    let mut world = World::new(timbre_sip::SwitchConfig { udp: None, tcp, ..config() }).await;
    let caller = Sipp::caller_over_tcp("caller_answered.xml", world.port);
    let leg = world.arrival().await.leg;
    world.switch.perform(Command::Greet { leg, language: Language::Es });
    assert_eq!(world.event().await, Event::Answered { leg });
    world.switch.perform(Command::HangUp { leg });
    assert_eq!(world.event().await, Event::Ended { leg, how: End::Ours });
    caller.succeeds().await;
    world.falls_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_cancels_gets_487() {
    let mut world = World::new(config()).await;
    let caller = Sipp::caller("caller_cancels.xml", "127.0.0.1", world.port);
    let leg = world.arrival().await.leg;
    world.switch.perform(Command::Progress { leg });
    assert_eq!(world.event().await, Event::Ended { leg, how: End::FarEnd });
    caller.succeeds().await;
    world.falls_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_200_without_ack_is_repeated_and_then_hung_up() {
    let mut world = World::new(config()).await;
    let caller = Sipp::caller("caller_never_acknowledges.xml", "127.0.0.1", world.port);
    let leg = world.arrival().await.leg;
    world.switch.perform(Command::Greet { leg, language: Language::En });
    assert_eq!(world.event().await, Event::Ended { leg, how: End::Lost });
    caller.succeeds().await;
    world.falls_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_can_come_in_the_200_and_its_answer_in_the_ack() {
    let mut world = World::new(config()).await;
    let caller = Sipp::caller("caller_without_offer.xml", "127.0.0.1", world.port);
    let leg = world.arrival().await.leg;
    world.switch.perform(Command::Greet { leg, language: Language::Es });
    assert_eq!(world.event().await, Event::Answered { leg });
    world.switch.perform(Command::HangUp { leg });
    assert_eq!(world.event().await, Event::Ended { leg, how: End::Ours });
    caller.succeeds().await;
    world.falls_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hold_and_resume_are_answered_and_told() {
    let mut world = World::new(config()).await;
    let caller = Sipp::caller("caller_holds.xml", "127.0.0.1", world.port);
    let leg = world.arrival().await.leg;
    world.switch.perform(Command::Greet { leg, language: Language::Es });
    assert_eq!(world.event().await, Event::Answered { leg });
    assert_eq!(world.event().await, Event::Hold { leg, held: true });
    assert_eq!(world.event().await, Event::Hold { leg, held: false });
    assert_eq!(world.event().await, Event::Ended { leg, how: End::FarEnd });
    caller.succeeds().await;
    world.falls_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_address_is_refused_without_a_trace() {
    let world = World::new(config()).await;
    Sipp::caller("caller_is_refused.xml", "127.0.0.2", world.port).succeeds().await;
    assert_eq!(world.switch.counters().refused_for(RefusedFor::UnknownSource), 1);
    assert_eq!(world.switch.counters().responses_sent[0], 0, "no provisional response");
    world.falls_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_within_no_dialog_gets_481() {
    let world = World::new(config()).await;
    Sipp::caller("caller_out_of_dialog.xml", "127.0.0.1", world.port).succeeds().await;
    world.falls_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_declines_or_is_not_there_ends_its_leg() {
    let mut world = World::new(config()).await;
    let nobody = world.ring(7);
    assert_eq!(world.event().await, Event::Ended { leg: nobody, how: End::Unreachable });
    let phone = Sipp::phone("phone_declines.xml");
    world.register(phone.port).await;
    let leg = world.ring(8);
    assert_eq!(world.event().await, Event::Ringing { leg });
    assert_eq!(world.event().await, Event::Ended { leg, how: End::Declined });
    phone.succeeds().await;
    world.falls_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ringing_phone_is_cancelled() {
    hang_up_while_ringing("phone_is_cancelled.xml").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_200_that_crosses_our_cancel_is_acknowledged_and_hung_up() {
    hang_up_while_ringing("phone_answers_late.xml").await;
}

async fn hang_up_while_ringing(scenario: &'static str) {
    let mut world = World::new(config()).await;
    let phone = Sipp::phone(scenario);
    world.register(phone.port).await;
    let leg = world.ring(1);
    assert_eq!(world.event().await, Event::Ringing { leg });
    world.switch.perform(Command::HangUp { leg });
    assert_eq!(world.event().await, Event::Ended { leg, how: End::Ours });
    phone.succeeds().await;
    world.falls_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_have_their_own_codes_and_channels_are_bounded() {
    use crate::phone::{Line, status};
    let mut config = config();
    config.limits.legs = 2;
    let mut world = World::new(config).await;
    let sdp = crate::sessions::SDP;
    let mut codes = Vec::new();
    for why in [Refusal::NotFound, Refusal::Busy, Refusal::Overload] {
        let line = Line::new(world.port).await.expect("a socket");
        line.send(crate::sessions::invite(&line, "", sdp).as_bytes()).await.expect("sent");
        let leg = world.arrival().await.leg;
        world.switch.perform(Command::Refuse { leg, why });
        assert_eq!(world.event().await, Event::Ended { leg, how: End::Ours });
        assert_eq!(status(&line.receive().await.expect("100")), 100);
        let answer = line.receive().await.expect("the final answer");
        line.send(crate::sessions::ack(&line, &answer).as_bytes()).await.expect("sent");
        assert_eq!(answer.contains("Retry-After: 5"), why == Refusal::Overload);
        codes.push(status(&answer));
        while world.switch.counters().awaiting_ack > 0 {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(codes, [404, 486, 503]);
    // Two legs are all: the third caller is told when to come back, and leaves nothing behind.
    let lines =
        [Line::new(world.port).await, Line::new(world.port).await, Line::new(world.port).await];
    for (n, line) in lines.into_iter().enumerate() {
        let line = line.expect("a socket");
        line.send(crate::sessions::invite(&line, "", sdp).as_bytes()).await.expect("sent");
        let answer = line.receive().await.expect("an answer");
        assert_eq!(status(&answer), if n < 2 { 100 } else { 503 }, "{answer}");
        assert_eq!(answer.contains("Retry-After: 5"), n == 2);
    }
    assert_eq!(world.switch.counters().refused_for(RefusedFor::Overload), 1);
}
