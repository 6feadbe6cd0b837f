use super::*;

/// A floor without faults, with one thing put elsewhere; then the fields of its faults.
fn faults(pointer: &str, value: serde_json::Value) -> Vec<String> {
    let text = include_str!("../dispositions_floor.json");
    let mut floor: serde_json::Value = serde_json::from_str(text).expect("a floor");
    *floor.pointer_mut(pointer).expect("something to replace") = value;
    let spec: FloorSpec = serde_json::from_value(floor).expect("a readable floor");
    spec.faults().into_iter().map(|it| it.field).collect()
}

#[test]
fn each_fault_of_a_tree_is_told_with_its_place() {
    let tree = "/disposition_trees/0/dispositions";
    let sold = "disposition_trees[0].dispositions[0].children[0]";
    for (at, value, field) in [
        ("/0/children/0/code", "no".into(), "disposition_trees[0].dispositions[1].code".to_owned()),
        ("/1/key", "1".into(), "disposition_trees[0].dispositions[1].key".to_owned()),
        ("/0/children/0/key", "É".into(), format!("{sold}.key")),
        ("/0/children/0/vicidial", "TOOLONG".into(), format!("{sold}.vicidial")),
        (
            "/0/children/0/effects/0/sale/policy",
            "none".into(),
            format!("{sold}.effects[0].sale.policy"),
        ),
        (
            "/0/children/0/effects",
            serde_json::json!(["final", "callback"]),
            format!("{sold}.effects"),
        ),
        ("/0/children/0/name", " ".into(), format!("{sold}.name")),
    ] {
        assert_eq!(faults(&format!("{tree}{at}"), value), [field]);
    }
    assert_eq!(faults("/queues/0/dispositions", "gone".into()), ["queues[0].dispositions"]);
    assert_eq!(faults("/campaigns/0/dispositions", "gone".into()), ["campaigns[0].dispositions"]);
}

#[test]
fn each_fault_of_casework_is_told_with_its_place() {
    let casework = |more: serde_json::Value| {
        let mut whole = serde_json::json!({
            "follow_ups": [{"id": "care", "after": ["72h"], "list": "care"}]
        });
        let more = more.as_object().expect("fields").clone();
        whole.as_object_mut().expect("fields").extend(more);
        faults("/casework", whole)
    };
    let hook = |url: &str| serde_json::json!({"webhooks": [{"id": "h", "url": url, "secret": "0123456789abcdef"}]});
    for good in [
        "https://example.com/hook",
        "https://example.com:8443",
        "http://127.0.0.1:80/x",
        "http://[::1]:9",
        "http://10.1.2.3",
        "http://localhost:7000/events",
    ] {
        assert_eq!(casework(hook(good)), [""; 0], "{good}");
    }
    for bad in [
        "http://example.com",
        "http://8.8.8.8/",
        "ftp://10.0.0.1",
        "https://",
        "https://user@example.com",
        "http://10.0.0.1@example.com/",
        "https://example.com:99999/",
        "https://a b",
    ] {
        assert_eq!(casework(hook(bad)), ["casework.webhooks[0].url"], "{bad}");
    }
    let department =
        |mail: &str| serde_json::json!({"departments": [{"id": "d", "name": "D", "mail": mail}]});
    assert_eq!(casework(department("quejas@example.com")), [""; 0]);
    for bad in ["quejas", "@example.com", "a@", "a b@example.com", "a@b@example.com", "a\r\n@b.c"] {
        assert_eq!(casework(department(bad)), ["casework.departments[0].mail"], "{bad:?}");
    }
    let mail = |server: &str| serde_json::json!({"mail": {"server": server, "from": "timbre@example.com"}});
    assert_eq!(casework(mail("smtps://mail.example.com:465")), [""; 0]);
    for bad in ["mail.example.com:25", "smtp://mail.example.com", "smtp://:25", "smtp://m:0"] {
        assert_eq!(casework(mail(bad)), ["casework.mail.server"], "{bad}");
    }
    let policy = |after: &[&str], list: &str| serde_json::json!({"follow_ups": [{"id": "care", "after": after, "list": list}]});
    assert_eq!(casework(policy(&["72h"], "gone")), ["casework.follow_ups[0].list"]);
    assert_eq!(casework(policy(&[], "care")), ["casework.follow_ups[0].after"]);
    assert_eq!(casework(policy(&["2s", "1s"], "care")), ["casework.follow_ups[0].after"]);
    let warnings = serde_json::json!({"warnings": ["2h", "24h"]});
    assert_eq!(casework(warnings), ["casework.warnings"]);
    let escalation = serde_json::json!({"escalation": [{"role": "boss", "agents": ["gone"]}]});
    assert_eq!(casework(escalation), ["casework.escalation[0].agents"]);
    assert_eq!(casework(serde_json::json!({"callbacks": "gone"})), ["casework.callbacks"]);
    assert_eq!(casework(serde_json::json!({"country": "España"})), ["casework.country"]);
}
