//! Ensembles: one member is wanted. A file may hold a single member, or a control run among others.

use std::collections::BTreeSet;

use super::product::Member;

/// The member to take of those in a file; `Err` says why there is none. A forecast outside the ensemble comes first.
pub(crate) fn choose(members: &BTreeSet<Option<Member>>) -> Result<Option<Member>, String> {
    if members.contains(&None) {
        return Ok(None);
    }
    let all: Vec<Member> = members.iter().flatten().copied().collect();
    if let [only] = all[..] {
        return Ok(Some(only));
    }
    let controls: Vec<Member> = all.iter().copied().filter(|member| member.is_control).collect();
    match controls[..] {
        [control] => Ok(Some(control)),
        _ => Err(format!(
            "the file holds {} members of an ensemble with {} control runs among them, and one is wanted",
            all.len(),
            controls.len()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(is_control: bool, number: u8) -> Option<Member> {
        Some(Member { is_control, number })
    }

    #[test]
    fn one_member_is_wanted() {
        assert_eq!(choose(&BTreeSet::from([member(false, 7)])), Ok(member(false, 7)));
        let ensemble = [member(true, 0), member(false, 1), member(false, 2)];
        assert_eq!(choose(&BTreeSet::from(ensemble)), Ok(member(true, 0)));
        assert_eq!(choose(&BTreeSet::from([None, member(true, 0)])), Ok(None));
        let perturbed = BTreeSet::from([member(false, 1), member(false, 2)]);
        assert!(choose(&perturbed).is_err_and(|reason| reason.contains("2 members")));
    }
}
