//! A layer between SQLite and the disk that counts and, when told to, fails: how many fsyncs and bytes a commit costs,
//! and what happens when the disk is full or broken in the middle of it.
//!
//! The one file of this crate with `unsafe`: SQLite asks for a table of C functions. Each forwards to the system's own
//! VFS, whose file lies behind ours in the memory that SQLite reserves for both (sqlite.org/vfs.html).
#![expect(unsafe_code, reason = "a VFS is a table of C functions; nothing but forwarding is done in them")]

use std::ffi::{CString, c_char, c_int, c_void};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rusqlite::ffi;

use super::lock;

/// Which of a database's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The database itself, written by checkpoints.
    Database,
    /// The write-ahead log, written by commits.
    Log,
    /// Whichever is used first.
    Any,
}

/// What is done to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Reading a page.
    Read,
    /// Writing; one that fails has written half of it.
    Write,
    /// Waiting for the disk. Fails as an input/output error whatever the damage, as systems do.
    Sync,
}

/// How it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// There is no room.
    Full,
    /// An input/output error.
    Io,
}

/// Something that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// To which file.
    pub target: Target,
    /// While doing what.
    pub operation: Operation,
    /// How.
    pub damage: Damage,
    /// Matching operations that still go well.
    pub after: u64,
    /// Operations that fail then; [`Fault::FOREVER`] for all until [`Controls::heal`].
    pub times: u64,
}

impl Fault {
    /// It stays broken.
    pub const FOREVER: u64 = u64::MAX;
}

/// Counts and injures what is opened through one registered VFS.
#[derive(Debug, Clone, Copy)]
pub struct Controls {
    shim: &'static Shim,
}

/// The name is taken, or SQLite would not have another VFS.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no VFS can be registered as {0:?}")]
pub struct NotRegistered(String);

/// Registers a VFS under `name`, for [`super::Config::vfs`]. It stays registered as long as the process lives.
///
/// # Errors
/// [`NotRegistered`]: choose another name.
pub fn register(name: &str) -> Result<Controls, NotRegistered> {
    let refused = || NotRegistered(name.to_owned());
    let c_name = CString::new(name).map_err(|_| refused())?;
    // SAFETY: both look up a VFS by a name that ends in NUL, or by none.
    let (base, taken) =
        unsafe { (ffi::sqlite3_vfs_find(std::ptr::null()), ffi::sqlite3_vfs_find(c_name.as_ptr())) };
    if base.is_null() || !taken.is_null() {
        return Err(refused());
    }
    let shim: &'static Shim = Box::leak(Box::new(Shim { base, name: c_name, state: State::default() }));
    // SAFETY: SQLite never takes a VFS away by itself, and neither do we, so what it points to stays.
    let vfs = Box::leak(Box::new(unsafe { shim.table() }));
    // SAFETY: `vfs` is whole and lives as long as the process.
    match unsafe { ffi::sqlite3_vfs_register(vfs, 0) } {
        ffi::SQLITE_OK => Ok(Controls { shim }),
        _ => Err(refused()),
    }
}

impl Controls {
    /// What it was registered as.
    #[must_use]
    pub fn name(&self) -> String {
        self.shim.name.to_string_lossy().into_owned()
    }

    /// How often a file was synced.
    #[must_use]
    pub fn fsyncs(&self) -> u64 {
        self.shim.state.fsyncs.load(Ordering::Relaxed)
    }

    /// How often the log was synced: about once a group.
    #[must_use]
    pub fn log_fsyncs(&self) -> u64 {
        self.shim.state.log_fsyncs.load(Ordering::Relaxed)
    }

    /// How many bytes were written to all files.
    #[must_use]
    pub fn bytes_written(&self) -> u64 {
        self.shim.state.bytes_written.load(Ordering::Relaxed)
    }

    /// Makes something go wrong from now on. Several faults wait side by side.
    pub fn fail(&self, fault: Fault) {
        let state = &self.shim.state;
        lock(&state.faults).push(fault);
        state.is_armed.store(true, Ordering::SeqCst);
    }

    /// Nothing goes wrong any more.
    pub fn heal(&self) {
        let state = &self.shim.state;
        lock(&state.faults).clear();
        state.is_armed.store(false, Ordering::SeqCst);
    }

    /// How often something went wrong on command.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.shim.state.failures.load(Ordering::Relaxed)
    }
}

/// One registered VFS.
#[derive(Debug)]
struct Shim {
    base: *mut ffi::sqlite3_vfs,
    name: CString,
    state: State,
}

// SAFETY: `base` is SQLite's own default VFS, which lives as long as the process and is used by all threads.
unsafe impl Send for Shim {}
// SAFETY: as above; the rest is atomics and a lock.
unsafe impl Sync for Shim {}

#[derive(Debug, Default)]
struct State {
    fsyncs: AtomicU64,
    log_fsyncs: AtomicU64,
    bytes_written: AtomicU64,
    failures: AtomicU64,
    is_armed: AtomicBool,
    faults: Mutex<Vec<Fault>>,
}

impl State {
    /// The damage to an operation that is about to be done.
    fn judge(&self, file: Target, operation: Operation) -> Option<Damage> {
        if !self.is_armed.load(Ordering::Relaxed) {
            return None;
        }
        let mut damage = None;
        for fault in lock(&self.faults).iter_mut() {
            let is_hit =
                fault.operation == operation && (fault.target == file || fault.target == Target::Any);
            if !is_hit || fault.times == 0 {
                continue;
            }
            if fault.after > 0 {
                fault.after -= 1;
            } else if damage.is_none() {
                fault.times -= u64::from(fault.times != Fault::FOREVER);
                damage = Some(fault.damage);
            }
        }
        self.failures.fetch_add(u64::from(damage.is_some()), Ordering::Relaxed);
        damage
    }
}

/// What SQLite knows as the file. The system's own file follows it in memory.
#[repr(C)]
struct File {
    methods: *const ffi::sqlite3_io_methods,
    state: &'static State,
    target: Target,
}

/// Calls the function of the system's VFS or file, if it has one.
macro_rules! call {
    ($table:expr, $method:ident, $otherwise:expr, $($arg:expr),* $(,)?) => {
        match (*$table).$method {
            Some(function) => function($($arg),*),
            None => $otherwise,
        }
    };
}

/// Functions of a file that only forward.
macro_rules! forward_file {
    ($($name:ident $method:ident($($arg:ident: $type:ty),*) else $otherwise:expr;)*) => {$(
        unsafe extern "C" fn $name(file: *mut ffi::sqlite3_file, $($arg: $type),*) -> c_int {
            // SAFETY: SQLite calls this for a file that `open` made, so the real one follows it and is open.
            unsafe {
                let real = real(file);
                call!((*real).pMethods, $method, $otherwise, real, $($arg),*)
            }
        }
    )*};
}

/// Functions of the VFS that only forward.
macro_rules! forward_vfs {
    ($($name:ident $method:ident($($arg:ident: $type:ty),*);)*) => {$(
        unsafe extern "C" fn $name(vfs: *mut ffi::sqlite3_vfs, $($arg: $type),*) -> c_int {
            // SAFETY: SQLite calls this for the VFS that `register` made.
            unsafe {
                let base = shim(vfs).base;
                call!(base, $method, ffi::SQLITE_ERROR, base, $($arg),*)
            }
        }
    )*};
}

forward_file! {
    truncate xTruncate(size: i64) else ffi::SQLITE_IOERR;
    file_size xFileSize(size: *mut i64) else ffi::SQLITE_IOERR;
    lock_file xLock(level: c_int) else ffi::SQLITE_IOERR;
    unlock_file xUnlock(level: c_int) else ffi::SQLITE_IOERR;
    check_lock xCheckReservedLock(out: *mut c_int) else ffi::SQLITE_IOERR;
    file_control xFileControl(op: c_int, arg: *mut c_void) else ffi::SQLITE_NOTFOUND;
    sector_size xSectorSize() else 0;
    characteristics xDeviceCharacteristics() else 0;
    shm_map xShmMap(page: c_int, size: c_int, extend: c_int, out: *mut *mut c_void) else ffi::SQLITE_IOERR;
    shm_lock xShmLock(offset: c_int, n: c_int, flags: c_int) else ffi::SQLITE_IOERR;
    shm_unmap xShmUnmap(delete: c_int) else ffi::SQLITE_OK;
    close xClose() else ffi::SQLITE_OK;
}

forward_vfs! {
    delete xDelete(name: *const c_char, sync: c_int);
    access xAccess(name: *const c_char, flags: c_int, out: *mut c_int);
    full_pathname xFullPathname(name: *const c_char, size: c_int, out: *mut c_char);
    randomness xRandomness(size: c_int, out: *mut c_char);
    sleep xSleep(micros: c_int);
    current_time xCurrentTime(out: *mut f64);
    last_error xGetLastError(size: c_int, out: *mut c_char);
    current_time_i64 xCurrentTimeInt64(out: *mut i64);
}

/// Version 2: shared memory for the log, and no memory-mapped pages, which would be read past us.
static FILE_METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock_file),
    xUnlock: Some(unlock_file),
    xCheckReservedLock: Some(check_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

impl Shim {
    /// What SQLite is given.
    ///
    /// # Safety
    /// `base` must be a registered VFS.
    unsafe fn table(&'static self) -> ffi::sqlite3_vfs {
        // SAFETY: the caller says that `base` is one.
        let base = unsafe { &*self.base };
        ffi::sqlite3_vfs {
            iVersion: 2,
            szOsFile: c_int::try_from(size_of::<File>()).unwrap_or(c_int::MAX) + base.szOsFile,
            mxPathname: base.mxPathname,
            pNext: std::ptr::null_mut(),
            zName: self.name.as_ptr(),
            pAppData: std::ptr::from_ref(self).cast_mut().cast(),
            xOpen: Some(open),
            xDelete: Some(delete),
            xAccess: Some(access),
            xFullPathname: Some(full_pathname),
            // Extensions are never loaded.
            xDlOpen: None,
            xDlError: None,
            xDlSym: None,
            xDlClose: None,
            xRandomness: Some(randomness),
            xSleep: Some(sleep),
            xCurrentTime: Some(current_time),
            xGetLastError: Some(last_error),
            xCurrentTimeInt64: Some(current_time_i64),
            xSetSystemCall: None,
            xGetSystemCall: None,
            xNextSystemCall: None,
        }
    }
}

/// # Safety
/// `vfs` must be what [`Shim::table`] made.
unsafe fn shim(vfs: *mut ffi::sqlite3_vfs) -> &'static Shim {
    // SAFETY: its `pAppData` points to a `Shim` that was leaked.
    unsafe { &*(*vfs).pAppData.cast::<Shim>() }
}

/// # Safety
/// `file` must have been opened by [`open`].
unsafe fn real(file: *mut ffi::sqlite3_file) -> *mut ffi::sqlite3_file {
    // SAFETY: SQLite reserved `szOsFile` bytes, and `File` is the first of the two.
    unsafe { file.cast::<File>().add(1).cast() }
}

unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: `file` has room for both files, as `szOsFile` says.
    unsafe {
        let shim = shim(vfs);
        let real = real(file);
        (*real).pMethods = std::ptr::null();
        let result = call!(shim.base, xOpen, ffi::SQLITE_CANTOPEN, shim.base, name, real, flags, out_flags);
        // SQLite closes a file exactly if it has methods, also after an error.
        let methods = if (*real).pMethods.is_null() { std::ptr::null() } else { &raw const FILE_METHODS };
        let target = match flags & (ffi::SQLITE_OPEN_MAIN_DB | ffi::SQLITE_OPEN_WAL) {
            ffi::SQLITE_OPEN_MAIN_DB => Target::Database,
            ffi::SQLITE_OPEN_WAL => Target::Log,
            _ => Target::Any,
        };
        file.cast::<File>().write(File { methods, state: &shim.state, target });
        result
    }
}

unsafe extern "C" fn read(
    file: *mut ffi::sqlite3_file,
    into: *mut c_void,
    size: c_int,
    offset: i64,
) -> c_int {
    // SAFETY: SQLite calls this for a file that `open` made.
    unsafe {
        let own = &*file.cast::<File>();
        if own.state.judge(own.target, Operation::Read).is_some() {
            return ffi::SQLITE_IOERR_READ;
        }
        let real = real(file);
        call!((*real).pMethods, xRead, ffi::SQLITE_IOERR, real, into, size, offset)
    }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    from: *const c_void,
    size: c_int,
    offset: i64,
) -> c_int {
    // SAFETY: SQLite calls this for a file that `open` made, with `size` bytes to write.
    unsafe {
        let own = &*file.cast::<File>();
        let real = real(file);
        let damage = own.state.judge(own.target, Operation::Write);
        let written = if damage.is_some() { size / 2 } else { size };
        let result = call!((*real).pMethods, xWrite, ffi::SQLITE_IOERR, real, from, written, offset);
        own.state.bytes_written.fetch_add(u64::try_from(written).unwrap_or(0), Ordering::Relaxed);
        match damage {
            None => result,
            Some(Damage::Full) => ffi::SQLITE_FULL,
            Some(Damage::Io) => ffi::SQLITE_IOERR_WRITE,
        }
    }
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: SQLite calls this for a file that `open` made.
    unsafe {
        let own = &*file.cast::<File>();
        if own.state.judge(own.target, Operation::Sync).is_some() {
            return ffi::SQLITE_IOERR_FSYNC;
        }
        own.state.fsyncs.fetch_add(1, Ordering::Relaxed);
        own.state.log_fsyncs.fetch_add(u64::from(own.target == Target::Log), Ordering::Relaxed);
        let real = real(file);
        call!((*real).pMethods, xSync, ffi::SQLITE_IOERR, real, flags)
    }
}

unsafe extern "C" fn shm_barrier(file: *mut ffi::sqlite3_file) {
    // SAFETY: SQLite calls this for a file that `open` made.
    unsafe {
        let real = real(file);
        call!((*real).pMethods, xShmBarrier, (), real);
    }
}
