use super::*;
use crate::development;
use std::thread;
use tempfile::TempDir;

const PASSPHRASE: &str = "correct horse";

struct Folder {
    wallets: Wallets,
    directory: TempDir,
}

fn folder() -> Folder {
    let directory = tempfile::tempdir().unwrap();
    let wallets = Wallets { cost: Cost::FLOOR, ..Wallets::open(directory.path().join("wallets")) };
    Folder { wallets, directory }
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn dev() -> Prefix {
    "dev".parse().unwrap()
}

fn published() -> Words {
    Words::parse(development::WORDS).unwrap()
}

#[test]
fn a_wallet_is_made_listed_opened_and_shown() {
    let Folder { wallets, directory: _directory } = folder();
    assert_eq!(wallets.list().unwrap(), []);
    let made = wallets.import(&name("savings"), &dev(), published(), PASSPHRASE).unwrap();
    assert_eq!(made.key().public_key(), development::account("alice").unwrap().public_key());
    fs::write(wallets.directory.join("notes.txt"), "").unwrap();
    assert_eq!(wallets.list().unwrap(), [name("savings")]);
    let entry = wallets.read(&name("savings")).unwrap();
    assert_eq!((entry.header.address, entry.exposed), (made.address(), None));
    assert_eq!(*entry.unlock(PASSPHRASE).unwrap().reveal(), development::WORDS);
    assert!(matches!(entry.unlock("battery staple"), Err(WalletError::WrongPassphrase(_))));
}

#[test]
fn no_wallet_is_overwritten_not_even_in_a_race() {
    let Folder { wallets, directory: _directory } = folder();
    let made: Vec<bool> = thread::scope(|scope| {
        let race = || wallets.create(&name("one"), &dev(), PASSPHRASE).is_ok();
        let runners: Vec<_> = (0..3).map(|_| scope.spawn(race)).collect();
        runners.into_iter().map(|runner| runner.join().unwrap()).collect()
    });
    assert_eq!(made.iter().filter(|made| **made).count(), 1);
    assert_eq!(fs::read_dir(&wallets.directory).unwrap().count(), 1, "nothing is left behind");
    let before = fs::read(wallets.path(&name("one"))).unwrap();
    let again = wallets.create(&name("one"), &dev(), PASSPHRASE);
    assert!(matches!(again, Err(WalletError::Exists { .. })));
    assert_eq!(fs::read(wallets.path(&name("one"))).unwrap(), before);
}

#[test]
fn weak_passphrases_and_costs_make_no_wallet() {
    let Folder { mut wallets, directory: _directory } = folder();
    assert!(matches!(wallets.create(&name("one"), &dev(), "1234567"), Err(WalletError::Weak)));
    wallets.cost.memory_kib = 64;
    assert!(matches!(wallets.create(&name("one"), &dev(), PASSPHRASE), Err(WalletError::Cost(_))));
    assert_eq!(wallets.list().unwrap(), []);
}

#[test]
fn missing_foreign_large_and_renamed_files_are_told_apart() {
    let Folder { wallets, directory: _directory } = folder();
    assert!(matches!(wallets.read(&name("none")), Err(WalletError::Missing { .. })));
    wallets.import(&name("one"), &dev(), published(), PASSPHRASE).unwrap();
    fs::copy(wallets.path(&name("one")), wallets.path(&name("copy"))).unwrap();
    fs::write(wallets.path(&name("foreign")), "{}").unwrap();
    fs::write(wallets.path(&name("large")), vec![b' '; FILE_SIZE_MAX as usize + 1]).unwrap();
    fs::create_dir(wallets.path(&name("folder"))).unwrap();
    let said = |text| wallets.read(&name(text)).unwrap_err().to_string();
    assert!(said("copy").contains("it is the wallet one"));
    assert!(said("foreign").contains("damaged"));
    assert!(said("large").contains("more than 16384 bytes"));
    assert!(said("folder").contains("not a file"));
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_and_is_told_otherwise() {
    use std::os::unix::fs::PermissionsExt as _;
    let Folder { wallets, directory: _directory } = folder();
    wallets.import(&name("one"), &dev(), published(), PASSPHRASE).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let path = wallets.path(&name("one"));
    assert_eq!((mode(&path), mode(&wallets.directory)), (0o600, 0o700));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(wallets.read(&name("one")).unwrap().exposed, Some(0o644));
}
