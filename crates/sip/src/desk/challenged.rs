//! A trunk asks who we are (401, 407): the request goes once more, with our credentials (RFC 3261 §22.2, §22.3).

use rsipstack::sip::Response;

use super::Desk;
use crate::leg::Phase;
use crate::port::LegId;

impl Desk {
    /// Our INVITE was challenged. Once more in the same call, with the next CSeq; the second challenge is a refusal.
    pub(super) fn challenged(&mut self, id: LegId, response: &Response) {
        let Some(mut leg) = self.legs.remove(&id) else { return };
        let again = matches!(leg.phase, Phase::Calling(_)) && leg.challenged(response);
        if again {
            leg.pending = leg.pending.saturating_sub(1);
            self.invite_again(&mut leg);
        }
        self.legs.insert(id, leg);
        if !again {
            self.declined(id, response);
        }
    }

    /// A response to our BYE.
    pub(super) fn bye_answered(&mut self, id: LegId, response: &Response) {
        let status = response.status_code.code();
        if status < 200 {
            return;
        }
        let again = matches!(status, 401 | 407)
            && self.legs.get_mut(&id).is_some_and(|leg| leg.challenged(response));
        if again {
            self.bye(id);
        }
        self.bye_over(id);
    }
}
