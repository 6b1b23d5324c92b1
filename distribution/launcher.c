/* Starts Retaguarda inside this very process, with the CPython that lies in the folder python beside it.
 *
 * Built twice: Retaguarda.exe (WINDOWED, no console) and retaguarda-comando.exe (console). The interpreter is loaded
 * into this process instead of being started as another one, so that the task manager, the taskbar, the firewall and
 * the service manager see Retaguarda and not "python". What the interpreter finds is told by python\python3XX._pth
 * alone: environment variables, the registry and the user's own packages do not act.
 *
 * Exit status: the program's own; 125 when it could not be started at all.
 */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <shellapi.h>
#include <stdio.h>
#include <wchar.h>

#define NOT_STARTED 125
#define LONGEST 32768 /* of a path of Windows, in characters */
#define TOLD 1500     /* of what Python said at last, in bytes */

typedef int (*py_main)(int, wchar_t **);

static wchar_t home[LONGEST], path[LONGEST], said[4096];
#ifdef WINDOWED
static BOOL quiet; /* --encerrar: the set-up asks and must not be held by a box that nobody sees */
#endif

static BOOL portuguese(void) { return PRIMARYLANGID(GetUserDefaultUILanguage()) == LANG_PORTUGUESE; }

/* Whether a person can see what is shown; a service and a task without anyone signed in have no such desktop. */
static BOOL seen(void) {
    USEROBJECTFLAGS flags;
    return GetUserObjectInformationW(GetProcessWindowStation(), UOI_FLAGS, &flags, sizeof flags, NULL)
           && (flags.dwFlags & WSF_VISIBLE);
}

static void to_event_log(const wchar_t *text) {
    HANDLE log = RegisterEventSourceW(NULL, L"Retaguarda");
    if (!log) return;
    ReportEventW(log, EVENTLOG_ERROR_TYPE, 0, 1, NULL, 1, 0, &text, NULL);
    DeregisterEventSource(log);
}

static void say(const wchar_t *text) {
#ifdef WINDOWED
    if (!seen()) to_event_log(text);
    else if (!quiet) MessageBoxW(NULL, text, L"Retaguarda", MB_OK | MB_ICONERROR | MB_SETFOREGROUND);
#else
    HANDLE out = GetStdHandle(STD_ERROR_HANDLE);
    static char bytes[16384];
    DWORD done;
    if (WriteConsoleW(out, text, (DWORD)wcslen(text), &done, NULL)) {
        WriteConsoleW(out, L"\r\n", 2, &done, NULL);
        return;
    }
    int length = WideCharToMultiByte(CP_UTF8, 0, text, -1, bytes, sizeof bytes - 1, NULL, NULL);
    if (length > 0) {
        bytes[length - 1] = '\n';
        if (!WriteFile(out, bytes, (DWORD)length, &done, NULL) && !seen()) to_event_log(text);
    }
#endif
}

/* The folder of the installation, which is this file's, into `home`. */
static BOOL find_home(void) {
    DWORD length = GetModuleFileNameW(NULL, home, LONGEST);
    wchar_t *last = wcsrchr(home, L'\\');
    if (!length || length >= LONGEST || !last) return FALSE;
    *last = 0;
    return wcslen(home) + 64 < LONGEST;
}

static const wchar_t *inside(const wchar_t *name) {
    _snwprintf(path, LONGEST - 1, L"%ls\\%ls", home, name);
    return path;
}

static int broken(const wchar_t *what, DWORD code) {
    _snwprintf(said, sizeof said / sizeof *said - 1,
               portuguese() ? L"O Retaguarda não pôde começar: falta ou está estragado o arquivo\n%ls\n(erro %lu do Windows)."
                              L"\n\nInstale de novo por cima: os dados e as configurações ficam."
                            : L"Retaguarda could not start: this file is missing or damaged\n%ls\n(Windows error %lu)."
                              L"\n\nInstall it again over this one: data and settings are kept.",
               what, (unsigned long)code);
    say(said);
    return NOT_STARTED;
}

#ifdef WINDOWED
static HANDLE kept = INVALID_HANDLE_VALUE; /* where Python's standard error goes when nobody reads it */

static HANDLE passing_file(void) {
    wchar_t folder[MAX_PATH + 1], name[MAX_PATH + 1];
    DWORD length = GetTempPathW(MAX_PATH, folder);
    if (!length || length > MAX_PATH || !GetTempFileNameW(folder, L"ret", 0, name)) return INVALID_HANDLE_VALUE;
    return CreateFileW(name, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                       CREATE_ALWAYS, FILE_ATTRIBUTE_TEMPORARY | FILE_FLAG_DELETE_ON_CLOSE, NULL);
}

/* Without a console a process has no standard input, output and error, and Python's would be None: whatever prints
 * would raise. They become NUL; the error a file of its own, gone with the process, of which a failure to start shows
 * the end. The numbers 0 to 2 belong to the C library that Python uses, so it is told, not this program's own. */
static void give_streams(void) {
    HMODULE crt = LoadLibraryExW(L"ucrtbase.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
    if (!crt) return;
    intptr_t (*of)(int) = (intptr_t (*)(int))(void *)GetProcAddress(crt, "_get_osfhandle");
    int (*opened)(intptr_t, int) = (int (*)(intptr_t, int))(void *)GetProcAddress(crt, "_open_osfhandle");
    int (*dup2)(int, int) = (int (*)(int, int))(void *)GetProcAddress(crt, "_dup2");
    int (*closed)(int) = (int (*)(int))(void *)GetProcAddress(crt, "_close");
    if (!of || !opened || !dup2 || !closed) return;
    for (int number = 0; number < 3; number++) {
        if (of(number) >= 0) continue;
        HANDLE own = INVALID_HANDLE_VALUE;
        if (number == 2 && (kept = passing_file()) != INVALID_HANDLE_VALUE)
            DuplicateHandle(GetCurrentProcess(), kept, GetCurrentProcess(), &own, 0, FALSE, DUPLICATE_SAME_ACCESS);
        if (own == INVALID_HANDLE_VALUE)
            own = CreateFileW(L"NUL", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                              OPEN_EXISTING, 0, NULL);
        int stream = own == INVALID_HANDLE_VALUE ? -1 : opened((intptr_t)own, 0);
        if (stream < 0 || stream == number) continue;
        dup2(stream, number);
        closed(stream);
    }
}

/* What a program that failed said at last: why it could not begin, or how it was called wrongly. */
static void tell_failure(int status) {
    static char bytes[TOLD + 1];
    static wchar_t text[TOLD + 1];
    LARGE_INTEGER size, from;
    DWORD length = 0;
    if (!status || kept == INVALID_HANDLE_VALUE || !GetFileSizeEx(kept, &size)) return;
    from.QuadPart = size.QuadPart > TOLD ? size.QuadPart - TOLD : 0;
    if (!SetFilePointerEx(kept, from, NULL, FILE_BEGIN) || !ReadFile(kept, bytes, TOLD, &length, NULL)) return;
    bytes[length] = 0;
    if (!length || !MultiByteToWideChar(CP_UTF8, 0, bytes, -1, text, TOLD)) return;
    if (!strstr(bytes, "Traceback (most recent call last)")) {
        say(text);
        return;
    }
    _snwprintf(said, sizeof said / sizeof *said - 1,
               portuguese() ? L"O Retaguarda terminou por um erro inesperado. Abra-o de novo; se o erro voltar, instale de "
                              L"novo por cima (os dados ficam) e envie este texto a quem cuida do sistema.\n\n%ls"
                            : L"Retaguarda ended by an unexpected error. Open it again; if the error comes back, install "
                              L"it again over this one (data is kept) and send this text to whoever looks after it.\n\n%ls",
               text);
    say(said);
}
#endif

static int start(void) {
    int given = 0, count = 0;
    wchar_t **arguments = CommandLineToArgvW(GetCommandLineW(), &given);
    if (!arguments || !find_home()) return broken(L"Retaguarda.exe", GetLastError());
#ifdef WINDOWED
    for (int i = 1; i < given; i++) quiet = quiet || !wcscmp(arguments[i], L"--encerrar");
#endif

    /* Only this installation and System32: never the current folder nor PATH, where anybody may put a DLL. */
    SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_DEFAULT_DIRS);
    AddDllDirectory(inside(L"python"));
    AddDllDirectory(inside(L"site\\PySide6")); /* Qt's plugins ask for its other libraries, which PySide6 puts in PATH */
    const wchar_t *library = inside(L"python\\" PYTHON_DLL);
    HMODULE python = LoadLibraryExW(library, NULL, LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_DEFAULT_DIRS);
    if (!python) return broken(library, GetLastError());
    py_main run = (py_main)(void *)GetProcAddress(python, "Py_Main");
    if (!run) return broken(library, GetLastError());
    const wchar_t *program = inside(L"programa\\main.py");
    if (GetFileAttributesW(program) == INVALID_FILE_ATTRIBUTES) return broken(program, GetLastError());

    /* -I: the _pth file is read too late to keep PYTHONWARNINGS, PYTHONPYCACHEPREFIX and most others from acting.
     * -B: nothing is written into the installation, where compiled code lies already. utf8: as on every other system. */
    wchar_t **all = calloc((size_t)given + 8, sizeof *all);
    if (!all) return NOT_STARTED;
    all[count++] = arguments[0];
    all[count++] = L"-I";
    all[count++] = L"-B";
    all[count++] = L"-X";
    all[count++] = L"utf8";
    all[count++] = _wcsdup(program);
    for (int i = 1; i < given; i++) all[count++] = arguments[i];
#ifdef WINDOWED
    give_streams();
    int status = run(count, all);
    tell_failure(status);
    return status;
#else
    return run(count, all);
#endif
}

#ifdef WINDOWED
int WINAPI wWinMain(HINSTANCE instance, HINSTANCE previous, wchar_t *line, int show) {
    (void)instance, (void)previous, (void)line, (void)show;
    return start();
}
#else
int wmain(void) { return start(); }
#endif
