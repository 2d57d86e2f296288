//! Where things are in the checkout, and cargo as it is called there.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use qemu::ramdisk::Addition;
use serde_json::Value;

/// The checkout.
#[derive(Clone, Debug)]
pub struct House {
    root: PathBuf,
    target: PathBuf,
}

impl House {
    /// The checkout this program was built in. Not the one that the environment speaks of: a
    /// test that cargo runs has the manifest of its own package there.
    pub fn find() -> Self {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = manifest.parent().unwrap_or(manifest).to_path_buf();
        let target = std::env::var_os("CARGO_TARGET_DIR");
        let target = root.join(target.unwrap_or_else(|| "target".into()));
        Self { root, target }
    }

    /// The top of the checkout.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A folder for builds that share nothing with the others, such as those with other flags.
    pub fn target_apart(&self, name: &str) -> PathBuf {
        self.target.join(name)
    }

    /// The folder with the images, made if it is not there.
    pub fn images(&self) -> Result<PathBuf> {
        let folder = self.target.join("janus");
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("could not make the folder {}", folder.display()))?;
        Ok(folder)
    }

    /// The host's cargo, with the environment that cargo itself set for us taken away, so that
    /// what it builds is the same whether a person or this program calls it.
    pub fn cargo(&self) -> Command {
        let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        self.clean_command(program)
    }

    /// A command in the top folder with cargo's variables for build scripts removed.
    pub fn clean_command(&self, program: impl Into<OsString>) -> Command {
        let mut command = Command::new(program.into());
        command.current_dir(&self.root);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO_PKG_")
                || text.starts_with("CARGO_MANIFEST_")
                || text == "LD_LIBRARY_PATH"
            {
                command.env_remove(&name);
            }
        }
        command.env("CARGO_TARGET_DIR", &self.target);
        command
    }

    /// The packages of the workspace whose manifests are in `folder` or below, by name.
    ///
    /// # Errors
    /// When cargo cannot read the workspace.
    pub fn packages_in(&self, folder: &str) -> Result<Vec<String>> {
        let folder = self.root.join(folder);
        let all = self.metadata()?;
        let inside = list(&all, "packages").iter().filter(|package| {
            package["manifest_path"]
                .as_str()
                .is_some_and(|path| Path::new(path).starts_with(&folder))
        });
        Ok(inside.filter_map(name_of).collect())
    }

    /// The packages that `package` depends on, by name.
    ///
    /// # Errors
    /// As [`House::packages_in`].
    pub fn dependencies_of(&self, package: &str) -> Result<Vec<String>> {
        let all = self.metadata()?;
        let found = list(&all, "packages")
            .iter()
            .find(|known| known["name"] == package);
        let dependencies = found.map(|package| list(package, "dependencies"));
        Ok(dependencies
            .unwrap_or_default()
            .iter()
            .filter_map(name_of)
            .collect())
    }

    /// The packages that are built for the host, by name.
    ///
    /// # Errors
    /// As [`House::packages_in`].
    pub fn default_packages(&self) -> Result<Vec<String>> {
        let all = self.metadata()?;
        let members = list(&all, "workspace_default_members");
        let packages = list(&all, "packages")
            .iter()
            .filter(|package| members.contains(&package["id"]));
        Ok(packages.filter_map(name_of).collect())
    }

    /// What cargo knows of the workspace.
    fn metadata(&self) -> Result<Value> {
        let mut command = self.cargo();
        command
            .args(["metadata", "--format-version", "1", "--no-deps"])
            .stderr(Stdio::inherit());
        let output = command.output().context("could not run cargo metadata")?;
        if !output.status.success() {
            bail!("cargo metadata failed; its reason is above");
        }
        serde_json::from_slice(&output.stdout).context("cargo metadata gave no JSON")
    }
}

fn list<'a>(object: &'a Value, name: &str) -> &'a [Value] {
    object[name]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn name_of(package: &Value) -> Option<String> {
    Some(package["name"].as_str()?.to_owned())
}

/// A program that cargo built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// The name of the binary target.
    pub name: String,
    /// Where it is.
    pub file: PathBuf,
}

impl Product {
    /// The wish to have it at `path` in the ramdisk.
    pub fn at(&self, path: &str) -> Addition {
        Addition {
            host: self.file.clone(),
            guest: Some(path.to_owned()),
        }
    }
}

/// Runs `cargo build …` and returns the programs it made or found fresh. Its messages go to
/// standard error as always.
///
/// # Errors
/// When the build fails; cargo has said why.
pub fn build_products(mut command: Command, what: &str) -> Result<Vec<Product>> {
    command
        .arg("--message-format=json-render-diagnostics")
        .stdout(Stdio::piped());
    let mut child = command
        .spawn()
        .with_context(|| format!("could not run {}", command.get_program().to_string_lossy()))?;
    let mut products = Vec::new();
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines() {
            let line = line.with_context(|| format!("could not read what cargo says of {what}"))?;
            products.extend(product(&line));
        }
    }
    let status = child
        .wait()
        .with_context(|| format!("could not wait for the build of {what}"))?;
    if !status.success() {
        bail!("{what} did not build; the compiler's reasons are above");
    }
    Ok(products)
}

/// The program that a line of cargo's JSON speaks of, if it speaks of one.
fn product(line: &str) -> Option<Product> {
    let message: Value = serde_json::from_str(line).ok()?;
    let kinds = message["target"]["kind"].as_array()?;
    if message["reason"] != "compiler-artifact" || !kinds.iter().any(|kind| kind == "bin") {
        return None;
    }
    Some(Product {
        name: message["target"]["name"].as_str()?.to_owned(),
        file: message["executable"].as_str()?.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_among_cargos_messages() {
        let line = r#"{"reason":"compiler-artifact","target":{"kind":["bin"],"name":"sh"},"executable":"/t/sh"}"#;
        assert_eq!(
            product(line),
            Some(Product {
                name: "sh".into(),
                file: "/t/sh".into()
            })
        );
        let library = r#"{"reason":"compiler-artifact","target":{"kind":["lib"],"name":"sh"},"executable":null}"#;
        assert_eq!(product(library), None);
        assert_eq!(product("not json"), None);
        assert_eq!(
            product(r#"{"reason":"build-finished","success":true}"#),
            None
        );
    }
}
