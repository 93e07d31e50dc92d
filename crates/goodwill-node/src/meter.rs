//! What the node itself draws: measured where the processor has a meter, else estimated.
//!
//! The meter is RAPL through Linux' powercap. It counts the whole processor, so other programs on the
//! machine are in its figure. Without it, the figure is the process's processor time at the declared
//! power of the machine: both are said with their method, and are never part of the rules.

use goodwill_types::api::NodeEnergy;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Mutex,
    time::{Duration, Instant},
};

/// Where Linux shows the processors' meters.
const POWERCAP: &str = "/sys/class/powercap";
/// Most machines have one or two processors.
const PACKAGES_MAX: usize = 16;
/// How often a meter must be read at least: the counters of busy processors begin anew within the hour.
pub(crate) const READ_EVERY: Duration = Duration::from_secs(600);

/// Microjoules in a milliwatt-hour.
const MICROJOULES_PER_MWH: u64 = 3_600_000;
/// Milliwatt-milliseconds in a milliwatt-hour.
const MS_PER_HOUR: u64 = 3_600_000;

/// Counts what the node draws since it was made.
#[derive(Debug)]
pub struct Meter {
    started: Instant,
    cpu_at_start_ms: u64,
    /// The machine's declared power, in milliwatts.
    declared_mw: u32,
    packages: Mutex<Vec<Package>>,
}

/// A processor's meter.
#[derive(Debug)]
struct Package {
    counter: PathBuf,
    /// The counter begins anew after so many microjoules.
    range_uj: u64,
    last_uj: u64,
    total_uj: u64,
}

impl Meter {
    /// Begins to count. Without a meter, processor time counts at `declared_mw` milliwatts.
    pub fn start(declared_mw: u32) -> Self {
        let packages = Mutex::new(packages(Path::new(POWERCAP)));
        Self { started: Instant::now(), cpu_at_start_ms: cpu_ms(), declared_mw, packages }
    }

    /// What was drawn so far.
    pub fn read(&self) -> NodeEnergy {
        let uptime_ms = self.started.elapsed().as_millis() as u64;
        let cpu_ms = cpu_ms().saturating_sub(self.cpu_at_start_ms);
        let (method, mwh) = match self.measured_mwh() {
            Some(mwh) => ("rapl", mwh),
            None => ("cpu_time", cpu_ms.saturating_mul(self.declared_mw.into()) / MS_PER_HOUR),
        };
        let power_mw = mwh.saturating_mul(MS_PER_HOUR) / uptime_ms.max(1);
        NodeEnergy { method: method.into(), uptime_ms, cpu_ms, mwh, power_mw }
    }

    /// `None` without a meter.
    fn measured_mwh(&self) -> Option<u64> {
        let mut packages = self.packages.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        packages.iter_mut().for_each(Package::read);
        let total: u64 = packages.iter().map(|package| package.total_uj).sum();
        (!packages.is_empty()).then_some(total / MICROJOULES_PER_MWH)
    }
}

impl Package {
    fn open(folder: &Path) -> Option<Self> {
        let counter = folder.join("energy_uj");
        let (last_uj, range_uj) = (number(&counter)?, number(&folder.join("max_energy_range_uj"))?);
        Some(Self { counter, range_uj, last_uj, total_uj: 0 })
    }

    fn read(&mut self) {
        let Some(now) = number(&self.counter) else { return };
        let used = match now.checked_sub(self.last_uj) {
            Some(used) => used,
            None => now + self.range_uj.saturating_sub(self.last_uj),
        };
        (self.last_uj, self.total_uj) = (now, self.total_uj.saturating_add(used));
    }
}

/// The meters of whole processors; those of their parts have a second colon in their names.
fn packages(powercap: &Path) -> Vec<Package> {
    let Ok(folders) = fs::read_dir(powercap) else { return Vec::new() };
    let whole = |name: &str| name.starts_with("intel-rapl:") && name.matches(':').count() == 1;
    let folders = folders.filter_map(Result::ok).filter(|f| f.file_name().to_str().is_some_and(whole));
    folders.filter_map(|folder| Package::open(&folder.path())).take(PACKAGES_MAX).collect()
}

fn number(path: &Path) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// Processor time that the process used, in milliseconds; 0 where the system does not say.
fn cpu_ms() -> u64 {
    let stat = procfs::process::Process::myself().and_then(|process| process.stat());
    stat.map_or(0, |stat| (stat.utime + stat.stime) * 1_000 / procfs::ticks_per_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_meter_that_begins_anew_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        for (name, range) in [("intel-rapl:0", "1000"), ("intel-rapl:0:0", "1000"), ("dtpm", "1000")] {
            let package = folder.path().join(name);
            fs::create_dir(&package).unwrap();
            fs::write(package.join("max_energy_range_uj"), range).unwrap();
            fs::write(package.join("energy_uj"), "900\n").unwrap();
        }
        let mut packages = packages(folder.path());
        assert_eq!(packages.len(), 1);
        for (now, total) in [("950", 50), ("100", 200), ("unreadable", 200), ("101", 201)] {
            fs::write(folder.path().join("intel-rapl:0/energy_uj"), now).unwrap();
            packages[0].read();
            assert_eq!(packages[0].total_uj, total);
        }
    }

    #[test]
    fn what_is_told_names_its_method() {
        let energy = Meter::start(5_000).read();
        assert!(["rapl", "cpu_time"].contains(&energy.method.as_str()));
    }
}
