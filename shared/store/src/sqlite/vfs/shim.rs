//! The table of C functions that SQLite asks for. Each forwards to the system's own VFS, whose file lies behind ours in
//! the memory that SQLite reserves for both (sqlite.org/vfs.html). The one file of this crate with `unsafe`.
#![expect(unsafe_code, reason = "a VFS is a table of C functions; nothing but forwarding is done in them")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::sync::atomic::Ordering;
use std::time::Instant;

use rusqlite::ffi;

use super::{Damage, Operation, State, Tape, Target};

/// One registered VFS.
#[derive(Debug)]
pub(super) struct Shim {
    base: *mut ffi::sqlite3_vfs,
    name: CString,
    pub(super) state: State,
}

// SAFETY: `base` is SQLite's own default VFS, which lives as long as the process and is used by all threads.
unsafe impl Send for Shim {}
// SAFETY: as above; the rest is atomics and a lock.
unsafe impl Sync for Shim {}

/// What SQLite knows as the file. The system's own file follows it in memory.
#[repr(C)]
struct File {
    methods: *const ffi::sqlite3_io_methods,
    state: &'static State,
    target: Target,
    /// As SQLite gave it: its own as long as the file is open. Null for what is gone when it is closed.
    name: *const c_char,
    /// Its first sync is one of its folder too, as the system's VFS does it (`UNIXFILE_DIRSYNC` in `os_unix.c`).
    syncs_folder: bool,
}

impl File {
    /// Where to record what is done to this file, and its name.
    fn recorded(&self) -> Option<(Tape, &str)> {
        let tape = self.state.tape()?;
        // SAFETY: SQLite keeps the name until the file is closed.
        let name = unsafe { name_of(self.name) }?;
        Some((tape, name))
    }
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
    /// Registers a VFS for as long as the process lives; `None` when the name is taken.
    pub(super) fn register(name: &str) -> Option<&'static Self> {
        let name = CString::new(name).ok()?;
        // SAFETY: both look up a VFS by a name that ends in NUL, or by none.
        let (base, taken) =
            unsafe { (ffi::sqlite3_vfs_find(std::ptr::null()), ffi::sqlite3_vfs_find(name.as_ptr())) };
        if base.is_null() || !taken.is_null() {
            return None;
        }
        let shim: &'static Self = Box::leak(Box::new(Self { base, name, state: State::default() }));
        // SAFETY: `base` was just found, and SQLite never takes a VFS away by itself.
        let vfs = Box::leak(Box::new(unsafe { shim.table() }));
        // SAFETY: `vfs` is whole and lives as long as the process.
        let result = unsafe { ffi::sqlite3_vfs_register(vfs, 0) };
        (result == ffi::SQLITE_OK).then_some(shim)
    }

    pub(super) fn name(&self) -> String {
        self.name.to_string_lossy().into_owned()
    }

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

/// # Safety
/// `name` must be null or text that ends in NUL and lives as long as what comes of it.
unsafe fn name_of<'a>(name: *const c_char) -> Option<&'a str> {
    if name.is_null() {
        return None;
    }
    // SAFETY: the caller says that it is text.
    unsafe { CStr::from_ptr(name) }.to_str().ok()
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
        let has_journal_kind = flags
            & (ffi::SQLITE_OPEN_WAL | ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_SUPER_JOURNAL)
            != 0;
        let syncs_folder = has_journal_kind && flags & ffi::SQLITE_OPEN_CREATE != 0;
        let own = File { methods, state: &shim.state, target, name, syncs_folder };
        if result == ffi::SQLITE_OK
            && let Some((tape, name)) = own.recorded()
        {
            tape.opened(name);
        }
        file.cast::<File>().write(own);
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
        let count = usize::try_from(written).unwrap_or(0);
        own.state.bytes_written.fetch_add(count as u64, Ordering::Relaxed);
        if let Some((tape, name)) = own.recorded() {
            tape.written(name, offset, std::slice::from_raw_parts(from.cast::<u8>(), count));
        }
        match damage {
            None => result,
            Some(Damage::Full) => ffi::SQLITE_FULL,
            Some(Damage::Io) => ffi::SQLITE_IOERR_WRITE,
        }
    }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: i64) -> c_int {
    // SAFETY: SQLite calls this for a file that `open` made.
    unsafe {
        let own = &*file.cast::<File>();
        let real = real(file);
        let result = call!((*real).pMethods, xTruncate, ffi::SQLITE_IOERR, real, size);
        if result == ffi::SQLITE_OK
            && let Some((tape, name)) = own.recorded()
        {
            tape.truncated(name, size);
        }
        result
    }
}

unsafe extern "C" fn delete(vfs: *mut ffi::sqlite3_vfs, name: *const c_char, sync: c_int) -> c_int {
    // SAFETY: SQLite calls this for the VFS that `register` made, with a name that ends in NUL.
    unsafe {
        let shim = shim(vfs);
        let result = call!(shim.base, xDelete, ffi::SQLITE_IOERR, shim.base, name, sync);
        if result == ffi::SQLITE_OK
            && let (Some(tape), Some(name)) = (shim.state.tape(), name_of(name))
        {
            tape.deleted(name, sync != 0);
        }
        result
    }
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: SQLite calls this for a file that `open` made, and for one file from one thread at a time.
    unsafe {
        let own = &mut *file.cast::<File>();
        if own.state.judge(own.target, Operation::Sync).is_some() {
            return ffi::SQLITE_IOERR_FSYNC;
        }
        own.state.fsyncs.fetch_add(1, Ordering::Relaxed);
        own.state.log_fsyncs.fetch_add(u64::from(own.target == Target::Log), Ordering::Relaxed);
        let real = real(file);
        let syncs_folder = std::mem::take(&mut own.syncs_folder);
        let Some((tape, name)) = own.recorded() else {
            return timed(own, || call!((*real).pMethods, xSync, ffi::SQLITE_IOERR, real, flags));
        };
        if tape.lies_about(own.target) {
            return ffi::SQLITE_OK;
        }
        let result = call!((*real).pMethods, xSync, ffi::SQLITE_IOERR, real, flags);
        if result == ffi::SQLITE_OK {
            tape.synced(name, syncs_folder);
        }
        result
    }
}

/// Notes how long a sync of the log took.
#[expect(clippy::disallowed_methods, reason = "measures the disk; decides nothing")]
fn timed(own: &File, sync: impl FnOnce() -> c_int) -> c_int {
    let begun = Instant::now();
    let result = sync();
    if own.target == Target::Log {
        own.state.log_sync_times.note(begun.elapsed());
    }
    result
}

unsafe extern "C" fn shm_barrier(file: *mut ffi::sqlite3_file) {
    // SAFETY: SQLite calls this for a file that `open` made.
    unsafe {
        let real = real(file);
        call!((*real).pMethods, xShmBarrier, (), real);
    }
}
