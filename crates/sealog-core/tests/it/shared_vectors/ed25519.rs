//! C2SP/wycheproof: Ed25519 signatures, valid and invalid.

use sealog_core::hash::decode_hex;
use sealog_core::tlog::sign::verify_ed25519;

use super::{ran, read_json, source};

fn bytes(hex: &str) -> Vec<u8> {
    let mut bytes = vec![0; hex.len() / 2];
    decode_hex(hex.as_bytes(), &mut bytes).unwrap();
    bytes
}

#[test]
fn wycheproof_signatures() {
    let Some(folder) = source("wycheproof") else {
        return;
    };
    let file = read_json(folder.join("ed25519_test.json"));
    let mut cases = 0;
    for group in file["testGroups"].as_array().unwrap() {
        let public: [u8; 32] = bytes(group["publicKey"]["pk"].as_str().unwrap())
            .try_into()
            .unwrap();
        for case in group["tests"].as_array().unwrap() {
            let message = bytes(case["msg"].as_str().unwrap());
            let signature = <[u8; 64]>::try_from(bytes(case["sig"].as_str().unwrap()));
            // A signature of another length cannot even be asked about.
            let accepted =
                signature.is_ok_and(|signature| verify_ed25519(&public, &message, &signature));
            let expected = match case["result"].as_str().unwrap() {
                "valid" => true,
                "invalid" => false,
                other => panic!("{other}"),
            };
            assert_eq!(accepted, expected, "{case}");
            cases += 1;
        }
    }
    let stated = usize::try_from(file["numberOfTests"].as_u64().unwrap()).unwrap();
    assert_eq!(cases, stated);
    ran("wycheproof (Ed25519)", cases, 151);
}
