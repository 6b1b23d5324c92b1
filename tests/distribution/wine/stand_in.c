// Test-only: stands for the program in the tests of the set-up. It writes its command line at the end of chamadas.txt,
// beside it, and ends with the number in status.txt, 0 when there is none. Without arguments, as the window is started,
// it stays for as long as aberto.txt is there. With console.txt it speaks as the programs of Windows do in a console.
#include <stdio.h>
#include <wchar.h>
#include <windows.h>

int main(int count, char **arguments)
{
    wchar_t folder[MAX_PATH];
    GetModuleFileNameW(NULL, folder, MAX_PATH);
    *wcsrchr(folder, L'\\') = 0;
    SetCurrentDirectoryW(folder);

    char line[4096];
    int size = WideCharToMultiByte(CP_UTF8, 0, GetCommandLineW(), -1, line, sizeof line - 1, NULL, NULL);
    line[size - 1] = '\n';
    HANDLE file = CreateFileW(L"chamadas.txt", FILE_APPEND_DATA, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_ALWAYS, 0, NULL);
    DWORD written;
    WriteFile(file, line, size, &written, NULL);
    CloseHandle(file);

    (void)arguments;
    while (count == 1 && GetFileAttributesW(L"aberto.txt") != INVALID_FILE_ATTRIBUTES) Sleep(50);

    int status = 0;
    FILE *wanted = fopen("status.txt", "r");
    if (wanted) {
        if (fscanf(wanted, "%d", &status) != 1)
            status = 0;
        fclose(wanted);
    }
    BOOL console = GetFileAttributesW(L"console.txt") != INVALID_FILE_ATTRIBUTES;
    printf(console ? "servi\x87o: %d\n" : "configurações: %d\n", status);
    return status;
}
