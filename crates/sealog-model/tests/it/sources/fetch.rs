//! What comes from a hub that does as it should, and from a connection that breaks off.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sealog_model::digest::{Algorithm, DigestOptions};
use sealog_model::sources::{FetchOptions, HubCache, HubName};
use sealog_model::walk::{IgnoreRules, LinkPolicy};
use tempfile::TempDir;

use super::hub::{self, COMMIT, Repository};
use super::server::{Answer, Body, Server};
use super::{Scene, faulty};

#[test]
fn a_model_is_fetched_whole_and_a_store_behind_the_hub_sees_no_token() {
    let mut repository = Repository::new();
    repository.token = Some("hf_t0ken".into());
    let repository = Arc::new(repository);
    let store = Server::start(hub::store(&repository));
    let scene = Scene::new(hub::faithful(&repository, Some(store.url())));
    let fetched = scene.fetch("hf://acme/iris@main").unwrap();
    for (path, content, _) in &repository.files {
        assert_eq!(&fs::read(scene.to().join(path)).unwrap(), content, "{path}");
    }
    assert_eq!(fetched.manifest().files().len(), repository.files.len());
    assert_eq!(fetched.without_digest(), 0);
    let left: Vec<_> = fs::read_dir(scene.place.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "something is left beside the model");
    let at_store = store.asks();
    assert_eq!(at_store.len(), 1);
    assert!(
        at_store
            .iter()
            .all(|ask| ask.header("authorization").is_none())
    );
    assert!(
        scene
            .server
            .asks()
            .iter()
            .all(|ask| ask.header("authorization") == Some("Bearer hf_t0ken"))
    );
}

#[test]
fn a_name_without_owner_and_revision_becomes_a_canonical_name_and_a_commit() {
    let scene = faulty(|_, _| None);
    for name in [
        "hf://iris",
        "hf://acme/iris",
        "hf://acme/iris@main",
        "hf://acme/iris@refs/pr/1",
    ] {
        let model = scene.hub.resolve(&HubName::parse(name).unwrap()).unwrap();
        assert_eq!(
            (model.id(), model.commit()),
            ("acme/iris", COMMIT),
            "{name}"
        );
        assert_eq!(model.uri(), format!("hf://acme/iris@{COMMIT}"));
    }
    let asks = scene.server.asks();
    assert!(
        asks.iter()
            .any(|ask| ask.target == "/api/models/acme/iris/revision/refs%2Fpr%2F1")
    );
}

#[test]
fn after_the_resolution_only_the_commit_is_asked_for() {
    let scene = faulty(|_, _| None);
    scene.fetch("hf://acme/iris@main").unwrap();
    let after = scene.server.asks().into_iter().skip(1);
    for ask in after {
        assert!(
            ask.target.contains(COMMIT) && !ask.target.contains("/main"),
            "{}",
            ask.target
        );
    }
}

#[test]
fn a_directory_is_held_against_the_listing_without_a_download() {
    let scene = faulty(|_, _| None);
    let repository = Repository::new();
    let directory = TempDir::new().unwrap();
    for (path, content, _) in &repository.files {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    let model = scene
        .hub
        .resolve(&HubName::parse("hf://acme/iris").unwrap())
        .unwrap();
    let listing = scene.hub.list(&model).unwrap();
    let set = listing
        .closed_set(IgnoreRules::none(), LinkPolicy::Refuse)
        .unwrap();
    let algorithms = [Algorithm::Sha256];
    let check = || set.check(directory.path(), &[], &DigestOptions::new(&algorithms));
    check().unwrap();
    assert!(scene.server.gave_no_file());
    // A small file, which git alone vouches for; a large one; one more; one less.
    for (path, content) in [
        ("README.md", "# Iris\n"),
        ("weights.safetensors", "x"),
        ("new", "x"),
    ] {
        let path = directory.path().join(path);
        let before = fs::read(&path).ok();
        fs::write(&path, content).unwrap();
        assert_eq!(check().unwrap_err().changes().len(), 1, "{path:?}");
        match before {
            Some(before) => fs::write(path, before).unwrap(),
            None => fs::remove_file(path).unwrap(),
        }
    }
    fs::remove_file(directory.path().join("empty.txt")).unwrap();
    assert_eq!(check().unwrap_err().code(), "model_differs");
}

#[test]
fn a_download_that_breaks_off_goes_on_from_there() {
    let times = AtomicUsize::new(0);
    let scene = faulty(move |ask, repository| {
        let large = ask.path().ends_with("/weights.safetensors");
        let content = repository.content("weights.safetensors");
        (large && times.fetch_add(1, Ordering::SeqCst) == 0).then(|| hub::cut(content, 500_000))
    });
    scene.fetch("hf://acme/iris").unwrap();
    let ranges: Vec<_> = scene
        .server
        .asks()
        .into_iter()
        .filter_map(|ask| ask.from())
        .collect();
    assert_eq!(ranges, [500_000]);
}

#[test]
fn a_server_without_ranges_sends_all_of_it_again() {
    let times = AtomicUsize::new(0);
    let scene = faulty(move |ask, repository| {
        let content = repository.content("weights.safetensors");
        if !ask.path().ends_with("/weights.safetensors") {
            return None;
        }
        match times.fetch_add(1, Ordering::SeqCst) {
            0 => Some(hub::cut(content, 500_000)),
            _ => Some(Answer::new(200, content)),
        }
    });
    scene.fetch("hf://acme/iris").unwrap();
    assert_eq!(
        fs::read(scene.to().join("weights.safetensors"))
            .unwrap()
            .len(),
        1_200_000
    );
}

#[test]
fn a_fetch_that_failed_is_taken_up_by_the_next_one() {
    let broken = Arc::new(AtomicUsize::new(5));
    let left = broken.clone();
    let scene = faulty(move |ask, repository| {
        let large = ask.path().ends_with("/weights.safetensors");
        let content = repository.content("weights.safetensors");
        let again = || {
            left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            })
            .is_ok()
        };
        (large && again()).then(|| {
            let from = ask.from().unwrap_or(0);
            let mut answer = hub::part(content, ask);
            answer.body = Body::Cut(content[from..from + 100_000].to_vec(), content.len() - from);
            answer
        })
    });
    let refused = scene.fetch("hf://acme/iris").unwrap_err();
    assert_eq!(refused.code(), "source_too_short");
    assert!(scene.nothing_came());
    scene.fetch("hf://acme/iris").unwrap();
    assert_eq!(broken.load(Ordering::SeqCst), 0);
    let asks = scene.server.asks();
    let last = asks.iter().filter_map(super::server::Ask::from).next_back();
    assert_eq!(last, Some(500_000));
    let readmes = asks.iter().filter(|ask| ask.path().ends_with("/README.md"));
    assert_eq!(
        readmes.count(),
        1,
        "what was there already was fetched again"
    );
}

#[test]
fn what_an_earlier_fetch_left_is_worth_nothing_if_it_is_not_of_this_file() {
    let scene = faulty(|_, _| None);
    let parts = scene.place.path().join("model.sealog-fetch/parts");
    fs::create_dir_all(&parts).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(parts.parent().unwrap(), fs::Permissions::from_mode(0o700)).unwrap();
    }
    let content = Repository::new().content("weights.safetensors").to_vec();
    let name = sealog_model::digest::of_bytes(&content, &[Algorithm::Sha256]);
    let part = parts.join(name.hex(Algorithm::Sha256).unwrap());
    for left in [
        vec![7; 1000],
        vec![7; content.len()],
        vec![7; content.len() + 1],
    ] {
        fs::create_dir_all(&parts).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(parts.parent().unwrap(), fs::Permissions::from_mode(0o700))
                .unwrap();
        }
        fs::write(&part, &left).unwrap();
        scene.fetch("hf://acme/iris").unwrap();
        assert!(fs::read(scene.to().join("weights.safetensors")).unwrap() == content);
        fs::remove_dir_all(scene.to()).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_staging_place_that_others_may_enter_and_a_taken_place_are_refused() {
    use std::os::unix::fs::PermissionsExt;
    let scene = faulty(|_, _| None);
    let staging = scene.place.path().join("model.sealog-fetch");
    fs::create_dir(&staging).unwrap();
    fs::set_permissions(&staging, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(
        scene.fetch("hf://acme/iris").unwrap_err().code(),
        "model_exists"
    );
    fs::remove_dir(&staging).unwrap();
    std::os::unix::fs::symlink("/tmp", &staging).unwrap();
    assert_eq!(
        scene.fetch("hf://acme/iris").unwrap_err().code(),
        "model_exists"
    );
    fs::remove_file(&staging).unwrap();
    fs::create_dir(scene.to()).unwrap();
    assert_eq!(
        scene.fetch("hf://acme/iris").unwrap_err().code(),
        "model_exists"
    );
}

#[test]
fn a_model_is_as_large_as_its_user_allows_and_no_larger() {
    let scene = faulty(|_, _| None);
    let model = scene
        .hub
        .resolve(&HubName::parse("hf://acme/iris").unwrap())
        .unwrap();
    let listing = scene.hub.list(&model).unwrap();
    let fetch = |bytes_max| {
        let options = FetchOptions {
            bytes_max,
            ..FetchOptions::default()
        };
        scene.hub.fetch(&model, &listing, &scene.to(), &options)
    };
    assert_eq!(
        fetch(listing.bytes() - 1).unwrap_err().code(),
        "model_limit"
    );
    assert!(fetch(listing.bytes()).is_ok());
}

/// A cache as the hub's client writes it.
#[cfg(unix)]
fn cache_of(repository: &Repository) -> (TempDir, HubCache) {
    let place = TempDir::new().unwrap();
    let home = place.path().join("models--acme--iris");
    let snapshot = home.join("snapshots").join(COMMIT);
    fs::create_dir_all(home.join("refs")).unwrap();
    fs::create_dir_all(home.join("blobs")).unwrap();
    fs::write(home.join("refs/main"), COMMIT).unwrap();
    for (path, content, large) in &repository.files {
        let algorithm = if *large {
            Algorithm::Sha256
        } else {
            Algorithm::GitSha1
        };
        let name = sealog_model::digest::of_bytes(content, &[algorithm])
            .hex(algorithm)
            .unwrap();
        fs::write(home.join("blobs").join(&name), content).unwrap();
        let link = snapshot.join(path);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        let up = "../".repeat(2 + path.matches('/').count());
        std::os::unix::fs::symlink(format!("{up}blobs/{name}"), link).unwrap();
    }
    let cache = HubCache::new(place.path().to_owned());
    (place, cache)
}

#[cfg(unix)]
#[test]
fn a_cached_snapshot_is_verified_without_the_hub() {
    let repository = Repository::new();
    let (place, cache) = cache_of(&repository);
    let to = place.path().join("out");
    for name in [
        "hf://acme/iris",
        "hf://acme/iris@main",
        &format!("hf://acme/iris@{COMMIT}"),
    ] {
        let snapshot = cache.snapshot(&HubName::parse(name).unwrap()).unwrap();
        assert_eq!(snapshot.model().commit(), COMMIT);
        let fetched = snapshot.fetch(&to, &FetchOptions::default()).unwrap();
        assert_eq!(
            (fetched.manifest().files().len(), fetched.without_digest()),
            (6, 0)
        );
        fs::remove_dir_all(&to).unwrap();
    }
    for absent in ["hf://acme/rose", "hf://acme/iris@v2", "hf://iris"] {
        let refused = cache
            .snapshot(&HubName::parse(absent).unwrap())
            .unwrap_err();
        assert_eq!(refused.code(), "source_offline", "{absent}");
    }
    let blob = place.path().join("models--acme--iris/blobs");
    let blob = fs::read_dir(blob).unwrap().next().unwrap().unwrap().path();
    fs::write(&blob, "other").unwrap();
    let snapshot = cache
        .snapshot(&HubName::parse("hf://acme/iris").unwrap())
        .unwrap();
    let refused = snapshot.fetch(&to, &FetchOptions::default()).unwrap_err();
    assert_eq!(refused.code(), "source_content");
    assert!(!to.exists());
}

#[cfg(unix)]
#[test]
fn what_the_cache_holds_is_not_downloaded_and_not_believed() {
    let repository = Repository::new();
    let (place, cache) = cache_of(&repository);
    let shared = Arc::new(repository);
    let scene = Scene::with(hub::faithful(&shared, None), Some(cache.clone()));
    scene.fetch("hf://acme/iris").unwrap();
    assert!(scene.server.gave_no_file());
    fs::remove_dir_all(scene.to()).unwrap();
    // Of the same size, so that only the digest tells.
    let content = shared.content("README.md");
    let name =
        sealog_model::digest::of_bytes(content, &[Algorithm::GitSha1]).hex(Algorithm::GitSha1);
    let blob = place
        .path()
        .join("models--acme--iris/blobs")
        .join(name.unwrap());
    fs::write(blob, "# evil\n").unwrap();
    scene.fetch("hf://acme/iris").unwrap();
    assert_eq!(fs::read(scene.to().join("README.md")).unwrap(), content);
}
