/* What Windows does to a program that is open, for the trial under wine, which does neither by itself. In no bundle.
 *
 * session barra: is a taskbar that has just started, as after Explorer ended. Says what it was asked about the icon in
 *     the tray from the moment on which it told everybody that it is there, a word a line.
 * session fim: ends the session for Retaguarda's windows as Windows does, asking first. Says “sim” or “nao”.
 */
#include <windows.h>
#include <shellapi.h>
#include <stdio.h>
#include <string.h>

#define PATIENCE_MS 20000
#define AGAIN_MS 20

static BOOL told, added;

static LRESULT CALLBACK taskbar(HWND window, UINT message, WPARAM first, LPARAM second) {
    if (message != WM_COPYDATA) return DefWindowProcW(window, message, first, second);
    DWORD what = (DWORD)((COPYDATASTRUCT *)second)->dwData;
    if (told && what == NIM_ADD) added = TRUE;
    if (told) puts(what == NIM_ADD ? "incluir" : what == NIM_MODIFY ? "mudar" : what == NIM_DELETE ? "tirar" : "outro");
    return TRUE;
}

static int be_taskbar(void) {
    WNDCLASSW kind = {.lpfnWndProc = taskbar, .hInstance = GetModuleHandleW(NULL), .lpszClassName = L"Shell_TrayWnd"};
    RegisterClassW(&kind);
    if (!CreateWindowExW(0, kind.lpszClassName, L"", WS_POPUP, 0, 0, 1, 1, NULL, NULL, kind.hInstance, NULL)) return 1;
    told = TRUE;
    PostMessageW(HWND_BROADCAST, RegisterWindowMessageW(L"TaskbarCreated"), 0, 0);
    for (int waited = 0; waited < PATIENCE_MS && !added; waited += AGAIN_MS) {
        MSG message;
        while (PeekMessageW(&message, NULL, 0, 0, PM_REMOVE)) DispatchMessageW(&message);
        Sleep(AGAIN_MS);
    }
    return added ? 0 : 1;
}

static BOOL CALLBACK remember(HWND window, LPARAM place) {
    wchar_t title[64];
    if (GetWindowTextW(window, title, 64) && wcsncmp(title, L"Retaguarda", 10) == 0) *(HWND *)place = window;
    return TRUE;
}

static int end_session(void) {
    HWND window = NULL;
    EnumWindows(remember, (LPARAM)&window);
    if (!window) return 1;
    LRESULT may = SendMessageW(window, WM_QUERYENDSESSION, 0, 0);
    puts(may ? "sim" : "nao");
    fflush(stdout);
    SendMessageW(window, WM_ENDSESSION, may ? TRUE : FALSE, 0);
    return 0;
}

int main(int count, char **words) {
    setvbuf(stdout, NULL, _IONBF, 0);
    if (count == 2 && strcmp(words[1], "barra") == 0) return be_taskbar();
    if (count == 2 && strcmp(words[1], "fim") == 0) return end_session();
    return 2;
}
