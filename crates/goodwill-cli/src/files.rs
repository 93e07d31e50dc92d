//! Files that people carry between machines: read within bounds, and never overwritten.

use crate::{Output, error::CliError};
use goodwill_wallet::offline::FILE_SIZE_MAX;
use serde::Serialize;
use serde_json::Value;
use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

/// A file that is to be made, or `-` for stdout.
#[derive(Clone, Debug)]
pub(crate) struct Target(PathBuf);

impl From<OsString> for Target {
    fn from(path: OsString) -> Self {
        Self(path.into())
    }
}

impl Target {
    /// Says early what cannot work. Writing looks again.
    ///
    /// # Errors
    /// When there is such a file already.
    pub(crate) fn check(&self) -> Result<(), CliError> {
        match self.0.symlink_metadata() {
            Ok(_) if !self.is_stdout() => Err(self.taken()),
            _ => Ok(()),
        }
    }

    /// Writes `json` whole or not at all, and answers; to stdout it is the answer itself.
    ///
    /// # Errors
    /// When there is such a file already, or the disk fails.
    pub(crate) fn deliver(
        &self,
        output: Output,
        json: &str,
        answer: &impl Serialize,
        text: impl FnOnce() -> String,
    ) -> Result<(), CliError> {
        if self.is_stdout() {
            let value: Value = serde_json::from_str(json).expect("it was made as JSON");
            output.print(&value, || json.trim_end().into());
            return Ok(());
        }
        match self.write(json) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(self.taken()),
            written => written.map_err(|e| CliError::Io(self.name(), e))?,
        }
        output.print(answer, text);
        Ok(())
    }

    /// How it is called on the command line.
    pub(crate) fn name(&self) -> String {
        self.0.display().to_string()
    }

    fn write(&self, text: &str) -> io::Result<()> {
        let folder = self.0.parent().filter(|folder| !folder.as_os_str().is_empty());
        let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist_noclobber(&self.0)?;
        Ok(())
    }

    fn is_stdout(&self) -> bool {
        self.0.as_os_str() == "-"
    }

    fn taken(&self) -> CliError {
        CliError::Usage(format!("there is a file {} already: name another one", self.name()))
    }
}

/// Reads a file that holds one transaction.
///
/// # Errors
/// When it cannot be read, is no text, or is larger than any of these.
pub(crate) fn read(path: &Path) -> Result<String, CliError> {
    let failed = |error| CliError::Io(path.display().to_string(), error);
    // Opening a pipe would wait for ever.
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(CliError::Usage(format!("{} is not a file", path.display())));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(FILE_SIZE_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    let text = String::from_utf8(bytes).ok().filter(|text| text.len() as u64 <= FILE_SIZE_MAX);
    text.ok_or_else(|| {
        let path = path.display();
        CliError::Corrupt(format!(
            "{path} holds no transaction: it has more than {FILE_SIZE_MAX} bytes, or is no text"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: Output = Output { json: true };

    #[test]
    fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let target = Target(path.clone());
        target.check().unwrap();
        target.deliver(OUTPUT, "{}", &(), String::new).unwrap();
        for error in [target.check(), target.deliver(OUTPUT, "[]", &(), String::new)] {
            assert!(matches!(error, Err(CliError::Usage(reason)) if reason.contains("already")));
        }
        assert_eq!(read(&path).unwrap(), "{}");
    }

    #[test]
    fn large_files_folders_and_missing_ones_are_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large");
        fs::write(&path, vec![b' '; FILE_SIZE_MAX as usize + 1]).unwrap();
        assert!(matches!(read(&path), Err(CliError::Corrupt(_))));
        assert!(matches!(read(folder.path()), Err(CliError::Usage(_))));
        assert!(matches!(read(&folder.path().join("missing")), Err(CliError::Io(..))));
    }
}
