// Test-only: colour profiles, of which wine 8's own DLL lacks functions that Qt links to. There is no profile here.
#define EXPORT __declspec(dllexport)

EXPORT int GetColorProfileFromHandle(void *profile, void *content, void *size)
{
    (void)profile, (void)content, (void)size;
    return 0;
}

EXPORT int CloseColorProfile(void *profile)
{
    (void)profile;
    return 1;
}

EXPORT void *OpenColorProfileW(void *profile, unsigned access, unsigned share, unsigned creation)
{
    (void)profile, (void)access, (void)share, (void)creation;
    return 0;
}

EXPORT void *WcsCreateIccProfile(void *profile, unsigned options)
{
    (void)profile, (void)options;
    return 0;
}
