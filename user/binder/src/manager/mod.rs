//! `servicemanager`: handle 0 of its binder context, the place where services get names.
//!
//! Everyone reaches it without knowing anything, and everything else through it: so whoever talks
//! to another service manager cannot be met. It serves on one thread and asks the kernel for no
//! more, as Android's does; no call out of here waits for anyone but the kernel.
//!
//! Contract: `android.os.IServiceManager` of Android 16. Nothing is declared beforehand and nothing
//! started on demand (Android reads both from its manifests), and no one is told when a service
//! gets or loses its clients. Who may register what is not asked either, but that nobody takes a
//! name from another user's service: who may not speak at all cannot open the device.

mod registry;

use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lexopt::prelude::*;
use rsbinder::hub::android_16::android::os::{Service, ServiceWithMetadata};
use rsbinder::hub::android_16::{
    BnServiceManager, ConnectionInfo, DUMP_FLAG_PRIORITY_DEFAULT, FLAG_IS_LAZY_SERVICE,
    IClientCallback, IServiceCallback, IServiceManager, ServiceDebugInfo,
};
use rsbinder::{
    BinderResult, CallingContext, DeathRecipient, ExceptionCode, FromIBinder, Interface,
    ProcessState, SIBinder, StatusCode, Strong, WIBinder,
};

use crate::device::{Device, device_help};
use crate::{Failure, messages};
use registry::{Entry, Refusal, Registry};

/// What `--help` prints.
pub const HELP: &str = concat!(
    "\
Usage: servicemanager [-d DEVICE]
Give names to the binder services of this persona, until it is ended; one runs in each.
",
    device_help!()
);

/// The name under which it is a service itself.
const OWN_NAME: &str = "manager";
/// References to a service that are no client's: ours, and that of the call that asks.
const OUR_REFERENCES: usize = 2;

/// Serves until the end of the process.
pub fn main(mut arguments: lexopt::Parser) -> Result<(), Failure> {
    let mut device = Device::usual();
    while let Some(argument) = arguments.next()? {
        match argument {
            Short('d') | Long("device") => device = Device::named(&mut arguments)?,
            Long("help") => return Err(Failure::Help),
            other => return Err(other.unexpected().into()),
        }
    }
    messages::go_to_standard_error("servicemanager");
    device.open(0)?;
    let manager = BnServiceManager::new_binder(Manager::default());
    let itself = manager.as_binder();
    manager
        .addService(OWN_NAME, &itself, false, DUMP_FLAG_PRIORITY_DEFAULT)
        .map_err(Failure::cannot("cannot register myself"))?;
    ProcessState::as_self()
        .become_context_manager(itself)
        .map_err(Failure::cannot(format!(
            "cannot be the service manager of {}, perhaps there is one",
            device.path()
        )))?;
    println!("servicemanager: ready on {}", device.path());
    ProcessState::join_thread_pool().map_err(Failure::cannot("cannot serve any more"))
}

/// The names, and who hears of deaths.
#[derive(Default)]
struct Manager {
    obituaries: Arc<Obituaries>,
}

/// Takes the names from those who died.
#[derive(Default)]
struct Obituaries {
    registry: Mutex<Registry<SIBinder>>,
}

impl DeathRecipient for Obituaries {
    fn binder_died(&self, who: &WIBinder) {
        self.registry().retire(|binder| *who == *binder);
    }
}

impl Obituaries {
    /// The names. Never held while anyone is called.
    fn registry(&self) -> MutexGuard<'_, Registry<SIBinder>> {
        // What a panic left is whole: each change of the registry is one step.
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Manager {
    fn registry(&self) -> MutexGuard<'_, Registry<SIBinder>> {
        self.obituaries.registry()
    }

    /// Wants to hear when `binder` dies; one of our own process cannot die before us.
    fn watch(&self, binder: &SIBinder) -> BinderResult<()> {
        if binder.as_proxy().is_some() {
            binder.link_to_death_arc(&self.obituaries)?;
        }
        Ok(())
    }

    /// The opposite, once for each time.
    fn stop_watching(&self, binder: &SIBinder) {
        if binder.as_proxy().is_none() {
            return;
        }
        match binder.unlink_to_death_arc(&self.obituaries) {
            // It has died meanwhile, and we have heard of it or will.
            Ok(()) | Err(StatusCode::DeadObject) => {}
            Err(error) => log::warn!("cannot stop watching a service: {error}"),
        }
    }

    fn find(&self, name: &str) -> Option<Entry<SIBinder>> {
        self.registry().find(name).cloned()
    }

    /// The answer of the calls that tell more than the binder.
    fn found(&self, name: &str) -> Service::Service {
        let entry = self.find(name);
        let is_lazy = |entry: &Entry<_>| entry.priority & FLAG_IS_LAZY_SERVICE != 0;
        Service::Service::ServiceWithMetadata(ServiceWithMetadata::ServiceWithMetadata {
            isLazyService: entry.as_ref().is_some_and(is_lazy),
            service: entry.map(|entry| entry.binder),
        })
    }

    /// Tells `callback` that `binder` has the name; a callback that is gone is none of our worries.
    fn tell(callback: SIBinder, name: &str, binder: &SIBinder) {
        let told = <dyn IServiceCallback>::try_from(callback)
            .map_err(Into::into)
            .and_then(|callback| callback.onRegistration(name, binder));
        if let Err(error) = told {
            log::warn!("cannot tell that {name} is registered: {error}");
        }
    }
}

impl Interface for Manager {
    /// The names with the processes and users that registered them.
    fn dump(&self, writer: &mut dyn Write, _arguments: &[String]) -> rsbinder::Result<()> {
        let lines: String = self
            .registry()
            .services()
            .map(|(name, entry)| format!("{name} pid {} uid {}\n", entry.pid, entry.uid))
            .collect();
        writer.write_all(lines.as_bytes()).map_err(Into::into)
    }
}

#[expect(non_snake_case, reason = "the names are those of the interface")]
impl IServiceManager for Manager {
    fn getService(&self, name: &str) -> BinderResult<Option<SIBinder>> {
        Ok(self.find(name).map(|entry| entry.binder))
    }

    fn getService2(&self, name: &str) -> BinderResult<Service::Service> {
        Ok(self.found(name))
    }

    fn checkService(&self, name: &str) -> BinderResult<Option<SIBinder>> {
        Ok(self.find(name).map(|entry| entry.binder))
    }

    fn checkService2(&self, name: &str) -> BinderResult<Service::Service> {
        Ok(self.found(name))
    }

    fn addService(
        &self,
        name: &str,
        service: &SIBinder,
        _allowIsolated: bool,
        dumpPriority: i32,
    ) -> BinderResult<()> {
        let caller = CallingContext::default();
        self.watch(service)?;
        let entry = Entry {
            binder: service.clone(),
            pid: caller.pid,
            uid: caller.uid,
            priority: dumpPriority,
        };
        let added = self.registry().add(name, entry);
        let added = match added {
            Ok(added) => added,
            Err(refusal) => {
                self.stop_watching(service);
                return refusal.status();
            }
        };
        if let Some(before) = added.before {
            self.stop_watching(&before);
        }
        for callback in added.waiting {
            Self::tell(callback, name, service);
        }
        Ok(())
    }

    fn listServices(&self, dumpPriority: i32) -> BinderResult<Vec<String>> {
        let registry = self.registry();
        let wanted = registry
            .services()
            .filter(|(_, entry)| entry.priority & dumpPriority != 0);
        Ok(wanted.map(|(name, _)| name.to_owned()).collect())
    }

    fn registerForNotifications(
        &self,
        name: &str,
        callback: &Strong<dyn IServiceCallback>,
    ) -> BinderResult<()> {
        let callback = callback.as_binder();
        self.watch(&callback)?;
        let waits = self.registry().wait(name, callback.clone());
        if waits != Ok(true) {
            self.stop_watching(&callback);
        }
        if let Err(refusal) = waits {
            return refusal.status();
        }
        if let Some(entry) = self.find(name) {
            Self::tell(callback, name, &entry.binder);
        }
        Ok(())
    }

    fn unregisterForNotifications(
        &self,
        name: &str,
        callback: &Strong<dyn IServiceCallback>,
    ) -> BinderResult<()> {
        let callback = callback.as_binder();
        let stopped = self.registry().stop_waiting(name, &callback);
        match stopped {
            Ok(()) => self.stop_watching(&callback),
            Err(refusal) => return refusal.status(),
        }
        Ok(())
    }

    fn isDeclared(&self, _name: &str) -> BinderResult<bool> {
        Ok(false)
    }

    fn getDeclaredInstances(&self, _iface: &str) -> BinderResult<Vec<String>> {
        Ok(Vec::new())
    }

    fn updatableViaApex(&self, _name: &str) -> BinderResult<Option<String>> {
        Ok(None)
    }

    fn getUpdatableNames(&self, _apexName: &str) -> BinderResult<Vec<String>> {
        Ok(Vec::new())
    }

    fn getConnectionInfo(&self, _name: &str) -> BinderResult<Option<ConnectionInfo>> {
        Ok(None)
    }

    fn registerClientCallback(
        &self,
        _name: &str,
        _service: &SIBinder,
        _callback: &Strong<dyn IClientCallback>,
    ) -> BinderResult<()> {
        let text = "this service manager does not count the clients of a service";
        Err((ExceptionCode::UnsupportedOperation, text).into())
    }

    fn tryUnregisterService(&self, name: &str, service: &SIBinder) -> BinderResult<()> {
        if let Some(proxy) = service.as_proxy() {
            let references = ProcessState::as_self().strong_ref_count_for_node(proxy)?;
            if references > OUR_REFERENCES {
                return Refusal::InUse.status();
            }
        }
        let pid = CallingContext::default().pid;
        let removed = self.registry().remove(name, service, pid);
        match removed {
            Ok(()) => self.stop_watching(service),
            Err(refusal) => return refusal.status(),
        }
        Ok(())
    }

    fn getServiceDebugInfo(&self) -> BinderResult<Vec<ServiceDebugInfo>> {
        let registry = self.registry();
        let tell = |(name, entry): (&str, &Entry<SIBinder>)| ServiceDebugInfo {
            name: name.to_owned(),
            debugPid: entry.pid,
        };
        Ok(registry.services().map(tell).collect())
    }
}
