//! The plays of the demo: all examples of contracts. Those that wait for a time to pass come first, so that
//! the others fill the wait.

use super::play::{After, DEPLOYMENT, Play, WAIT, call};

macro_rules! source {
    ($name:literal) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../examples/contracts/",
            $name,
            "/",
            $name,
            ".py"
        ))
    };
}

/// What a bid at an auction gives the others to bid more.
const EXTENSION_MS: u64 = 600_000;

/// All of them.
pub(super) const PLAYS: [Play; 10] = [
    Play {
        name: "crowdfunding",
        source: source!("crowdfunding"),
        opening: &[call(
            "frank",
            DEPLOYMENT,
            &["10000000000", "{wait}"],
            "frank asks for 10 DEV within {seconds} seconds, to buy saplings.",
        )],
        round: &[
            call("grace", "contribute", &[], "grace gives 6 DEV.").with_coins(6),
            call("heidi", "contribute", &[], "heidi gives 5 DEV: the goal is reached.").with_coins(5),
            call("frank", "claim", &[], "the time is over, and frank gets the 11 DEV.").after(WAIT),
        ],
        rounds: 1,
    },
    Play {
        name: "community_vote",
        source: source!("community_vote"),
        opening: &[call(
            "heidi",
            DEPLOYMENT,
            &["[{heidi}, {ivan}, {alice}]", "50"],
            "heidi founds a community with ivan and alice.",
        )],
        round: &[
            call("ivan", "propose", &["'Plant an orchard'", "{wait}"], "ivan proposes to plant an orchard."),
            call("alice", "vote", &["{round}", "False"], "alice votes no."),
            call("ivan", "vote", &["{round}", "True"], "ivan votes yes."),
            call("heidi", "vote", &["{round}", "True"], "heidi votes yes."),
            call("heidi", "result", &["{round}"], "the vote is over: the orchard is accepted.")
                .answers("'accepted'")
                .after(WAIT),
        ],
        rounds: 5,
    },
    Play {
        name: "subscription",
        source: source!("subscription"),
        opening: &[call(
            "dave",
            DEPLOYMENT,
            &["1000000000", "{wait}"],
            "dave offers vegetables for 1 DEV every {seconds} seconds.",
        )],
        round: &[
            call("erin", "subscribe", &[], "erin subscribes with 20 DEV in advance.").with_coins(20),
            call("frank", "charge", &["{erin}"], "another period began, and is charged.").after(WAIT),
            call("dave", "collect", &[], "dave collects what he earned."),
            call("erin", "cancel", &[], "erin cancels, and gets the rest of her 20 DEV back."),
        ],
        rounds: 5,
    },
    Play {
        name: "will",
        source: source!("will"),
        opening: &[
            call("grace", DEPLOYMENT, &["{wait}"], "grace puts 9 DEV into her will.").with_coins(9),
            call(
                "grace",
                "set_heirs",
                &["{{heidi}: 2, {ivan}: 1}"],
                "grace names heidi for two thirds, and ivan for one.",
            ),
        ],
        round: &[
            call("grace", "sign_of_life", &[], "grace gives a sign of life."),
            call("heidi", "open", &[], "grace was silent for {seconds} seconds, and heidi opens the will.")
                .after(WAIT),
            call("heidi", "inherit", &[], "heidi inherits 6 DEV."),
            call("ivan", "inherit", &[], "ivan inherits 3 DEV."),
        ],
        rounds: 1,
    },
    Play {
        name: "art_auction",
        source: source!("art_auction"),
        opening: &[
            call(
                "ivan",
                DEPLOYMENT,
                &["'Old oak'", "b'old-oak-in-charcoal-by-ivan-2026'", "{judy}", "100"],
                "ivan drew an old oak, and of each sale a tenth goes to an association.",
            ),
            call("ivan", "start", &["5000000000", "{wait}"], "ivan offers it, from 5 DEV on."),
        ],
        round: &[
            call("alice", "bid", &[], "alice bids 5 DEV.").with_coins(5),
            call("bob", "bid", &[], "bob bids 6 DEV: alice is outbid.").with_coins(6),
            call("alice", "take_refund", &[], "alice takes her 5 DEV back."),
            call(
                "alice",
                "settle",
                &[],
                "nobody bid more: the old oak is bob's, ivan gets 5.4 DEV and the association 0.6.",
            )
            .after(After::Wait { more_ms: EXTENSION_MS }),
        ],
        rounds: 1,
    },
    Play {
        name: "fungible_token",
        source: source!("fungible_token"),
        opening: &[call(
            "alice",
            DEPLOYMENT,
            &["'Acorn'", "'ACN'", "1000"],
            "alice issues 1000 acorns, a token of her own.",
        )],
        round: &[
            call("alice", "transfer", &["{bob}", "30"], "alice gives bob 30 acorns."),
            call("bob", "transfer", &["{carol}", "10"], "bob gives carol 10 of them."),
            call(
                "carol",
                "transfer",
                &["{dave}", "1000"],
                "carol gives dave 1000 acorns, which she does not have.",
            )
            .refused(),
        ],
        rounds: 5,
    },
    Play {
        name: "game_item_shop",
        source: source!("game_item_shop"),
        opening: &[
            call("bob", DEPLOYMENT, &[], "bob opens a shop for items of his game."),
            call(
                "bob",
                "add_item",
                &["'sword'", "3000000000", "1000"],
                "bob offers swords for 3 DEV each: there will never be more than 1000.",
            ),
        ],
        round: &[
            call("carol", "buy", &["0", "2"], "carol buys two swords for 6 DEV.").with_coins(6),
            call("carol", "give", &["{dave}", "0", "1"], "carol gives dave one of them."),
            call("bob", "withdraw", &[], "bob takes what his shop earned."),
        ],
        rounds: 5,
    },
    Play {
        name: "tree_certificates",
        source: source!("tree_certificates"),
        opening: &[call(
            "carol",
            DEPLOYMENT,
            &["1000"],
            "carol will plant trees, and certify each: 1000 at most.",
        )],
        round: &[
            call(
                "carol",
                "issue",
                &["{dave}", "'oak'", "48856600", "2352200", "b'sha-256-of-a-photo-of-that-tree!'"],
                "carol planted an oak, and gives dave its certificate.",
            ),
            call("dave", "transfer", &["{erin}", "{round}"], "dave passes the certificate on to erin."),
            call(
                "erin",
                "retire",
                &["{round}", "'the class of 2026'"],
                "erin retires it in the name of the class of 2026: nobody can count this tree again.",
            ),
        ],
        rounds: 5,
    },
    Play {
        name: "escrow",
        source: source!("escrow"),
        opening: &[call(
            "dave",
            DEPLOYMENT,
            &["{erin}", "600000"],
            "dave buys a bicycle from erin: his 5 DEV wait in the contract.",
        )
        .with_coins(5)],
        round: &[call("dave", "confirm", &[], "the bicycle arrived, and erin gets the 5 DEV.")],
        rounds: 1,
    },
    Play {
        name: "multisig_wallet",
        source: source!("multisig_wallet"),
        opening: &[call(
            "erin",
            DEPLOYMENT,
            &["[{erin}, {frank}, {grace}]", "2"],
            "erin, frank and grace share a wallet: two of them must agree.",
        )],
        round: &[
            call("frank", "deposit", &[], "frank puts 4 DEV in.").with_coins(4),
            call(
                "erin",
                "propose",
                &["{heidi}", "4000000000", "'seedlings'"],
                "erin proposes to pay heidi 4 DEV for seedlings.",
            ),
            call("grace", "approve", &["{round}"], "grace agrees."),
            call("erin", "pay", &["{round}"], "two agree, and heidi is paid."),
        ],
        rounds: 5,
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeSet, fs};

    #[test]
    fn all_examples_are_played() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/contracts");
        let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
        let examples: BTreeSet<_> = fs::read_dir(folder).unwrap().map(name).collect();
        assert_eq!(examples, PLAYS.iter().map(|play| play.name.to_owned()).collect());
        for play in &PLAYS {
            let steps = play.opening.iter().chain(play.round);
            let deployments: Vec<_> = steps.map(|step| step.method == DEPLOYMENT).collect();
            assert!(deployments[0] && !deployments[1..].contains(&true), "{}", play.name);
            assert!(play.rounds > 0 && !play.round.is_empty(), "{}", play.name);
        }
    }
}
