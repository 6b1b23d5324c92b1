// Test-only: stands in for the DLL of CPython, so that the launchers can be tried without it. It writes what it was
// called with, one thing a line in UTF-8, into dito.txt beside the program's file: first how many standard streams it
// has, and which of two DLLs can be loaded by name. Then it does what its first argument says: "cair" ends as an exception does; "soltar" starts the program named next as the desktop does, without any
// standard stream, and waits for it.
#include <windows.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#define PROGRAM 5 /* which argument is the program's file: after -I -B -X utf8 */

__declspec(dllexport) int Py_Main(int count, wchar_t **arguments)
{
    wchar_t path[1024];
    char line[4096];
    HMODULE crt = LoadLibraryW(L"ucrtbase.dll");
    intptr_t (*of)(int) = (intptr_t (*)(int))(void *)GetProcAddress(crt, "_get_osfhandle");
    int (*put)(int, const void *, unsigned) = (int (*)(int, const void *, unsigned))(void *)GetProcAddress(crt, "_write");
    int streams = 0;
    for (int number = 0; number < 3; number++)
        if (of(number) >= 0)
            streams++;

    wcscpy(path, arguments[PROGRAM]);
    wcscpy(wcsrchr(path, L'\\') + 1, L"dito.txt");
    FILE *out = _wfopen(path, L"wb");
    fprintf(out, "%d\n%s%s\n", streams, LoadLibraryW(L"do_qt.dll") ? "qt" : "",
            LoadLibraryW(L"de_fora.dll") ? " de fora" : "");
    for (int i = 0; i < count; i++) {
        WideCharToMultiByte(CP_UTF8, 0, arguments[i], -1, line, sizeof line, NULL, NULL);
        fprintf(out, "%s\n", line);
    }
    fclose(out);
    if (count > PROGRAM + 2 && !wcscmp(arguments[PROGRAM + 1], L"soltar")) {
        STARTUPINFOW start = {.cb = sizeof start, .dwFlags = STARTF_USESTDHANDLES};
        PROCESS_INFORMATION process;
        if (!CreateProcessW(arguments[PROGRAM + 2], NULL, NULL, NULL, FALSE, DETACHED_PROCESS, NULL, NULL, &start, &process))
            return 2;
        WaitForSingleObject(process.hProcess, INFINITE);
    }
    if (count > PROGRAM + 1 && !wcscmp(arguments[PROGRAM + 1], L"cair")) {
        const char *said = "Traceback (most recent call last):\nImportError: falta a peça\n";
        put(2, said, (unsigned)strlen(said));
        return 1;
    }
    return 0;
}
