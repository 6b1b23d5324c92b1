; The set-up of Retaguarda for Windows 10 (1809) and later, 64 bits. distribution/installer.py compiles it:
;   VERSION   as in app/version.py          BUNDLE   the folder made by distribution.windows
;   OUTPUT    the set-up to be written      ICON     an .ico file      SIZE_KB   what the bundle takes up
;   SIDE      a .bmp for the side of the first and the last page
;   SIGN      optional: a command that signs the file %1 (the uninstaller and the set-up)
;   FAST      optional: compress little, for the trial
;
; For this user by default, for everybody with /AllUsers. MultiUser.nsh is not used: with it /D= is ignored.
; The switches and exit codes are explained in docs/instalacao-windows.md.
;
; The new files are unpacked beside the old ones and change places with them at the end: whatever goes wrong before
; leaves the installed program as it was. Names of variables and functions are for the reader; sentences are in
; the list of texts near the end, in both languages.

Unicode true
Target amd64-unicode
!ifdef FAST
  SetCompressor zlib
!else
  SetCompressor /SOLID lzma
  SetCompressorDictSize 64
!endif
SetDateSave off
ManifestSupportedOS Win10
ManifestDPIAware true
RequestExecutionLevel user
CRCCheck on
AllowSkipFiles off
ShowInstDetails nevershow
ShowUninstDetails nevershow
BrandingText "Retaguarda ${VERSION}"
Name "Retaguarda"
OutFile "${OUTPUT}"
!ifdef SIGN
  !uninstfinalize `${SIGN}` = 0
  !finalize `${SIGN}` = 0
!endif

!include MUI2.nsh
!include LogicLib.nsh
!include FileFunc.nsh
!include WordFunc.nsh
!include WinVer.nsh
!include nsDialogs.nsh
!include Win\COM.nsh
!include Win\Propkey.nsh

!define UNINSTALL_KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\Retaguarda"
!define RUN_KEY "Software\Microsoft\Windows\CurrentVersion\Run"
!define RUN_SWITCH_KEY "Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run" ; the task manager's
!define SERVICE_KEY "SYSTEM\CurrentControlSet\Services\Retaguarda"
!define RULE "Retaguarda (balcões)"
!define USER_MODEL_ID "Retaguarda.Retaguarda"
!define SHORTCUT "$SMPROGRAMS\Retaguarda.lnk"

; Exit codes; 1 is NSIS's own for a cancelled set-up, 2 for one that could not write a file.
!define RUNNING 3
!define WRONG_SWITCH 4
!define NEEDS_ADMINISTRATOR 5
!define WRONG_FOLDER 6
!define OTHER_INSTALLATION 7
!define OLD_WINDOWS 8
!define NOT_CONFIGURED 9
!define NO_SERVICE 10
!define ANOTHER_SETUP 11

; --- what is known, chosen and found ---

Var Scope         ; "user" or "all"
Var FolderGiven   ; 1 when /D= was
Var Found         ; the version installed in this scope, "" when none
Var Settled       ; the scope for which the choices below were worked out
; As given by the switches, "" when not:
Var GivenAutostart
Var GivenFirewall
Var GivenPort
Var GivenService
Var GivenOpen
Var Operators
Var DatabaseServer
Var DatabasePort
Var DatabaseName
Var DatabaseUser
Var DatabaseSsl
Var EraseData     ; 1 with /DADOS=apagar
; Chosen, by switch, by the page or by what is installed:
Var Autostart
Var Firewall
Var Port
Var Service
Var ServiceRan    ; 1 when the service was running before the files changed
Var DataFolder
Var Mutex
; Of the helpers:
Var LogFile
Var Line
Var Rest
Var Token
Var Value
Var Command
Var Status
Var Output
Var Json
Var Trouble
Var TroubleCode
; Of the pages:
Var WelcomeTitle
Var WelcomeText
Var ChoiceA
Var ChoiceB
Var BoxAutostart
Var BoxService
Var BoxFirewall
Var BoxPort

; --- pages ---

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_WELCOMEFINISHPAGE_BITMAP "${SIDE}"
!define MUI_ABORTWARNING
!define MUI_WELCOMEPAGE_TITLE "$WelcomeTitle"
!define MUI_WELCOMEPAGE_TEXT "$WelcomeText"
!define MUI_FINISHPAGE_RUN
!define MUI_FINISHPAGE_RUN_FUNCTION OpenProgram
!define MUI_FINISHPAGE_NOREBOOTSUPPORT
!define MUI_CUSTOMFUNCTION_ABORT Cancelled

!insertmacro MUI_PAGE_WELCOME
Page custom MaintenancePage MaintenanceLeave
!insertmacro MUI_PAGE_LICENSE "${BUNDLE}\LICENCA.txt"
Page custom ScopePage ScopeLeave
!define MUI_PAGE_CUSTOMFUNCTION_PRE SkipWhenInstalled
!define MUI_PAGE_CUSTOMFUNCTION_LEAVE FolderLeave
!insertmacro MUI_PAGE_DIRECTORY
Page custom OptionsPage OptionsLeave
!insertmacro MUI_PAGE_INSTFILES
!define MUI_PAGE_CUSTOMFUNCTION_SHOW FinishShow
!insertmacro MUI_PAGE_FINISH

UninstPage custom un.DataPage un.DataLeave
!insertmacro MUI_UNPAGE_INSTFILES

; The system's language decides; one that is neither gets the first.
!insertmacro MUI_LANGUAGE "English"
!insertmacro MUI_LANGUAGE "PortugueseBR"

VIProductVersion "${VERSION}.0"
!macro VersionTexts language description
  VIAddVersionKey /LANG=${language} "ProductName" "Retaguarda"
  VIAddVersionKey /LANG=${language} "CompanyName" "Retaguarda"
  VIAddVersionKey /LANG=${language} "FileDescription" "${description}"
  VIAddVersionKey /LANG=${language} "FileVersion" "${VERSION}"
  VIAddVersionKey /LANG=${language} "ProductVersion" "${VERSION}"
  VIAddVersionKey /LANG=${language} "LegalCopyright" "Retaguarda contributors, MIT"
!macroend
!insertmacro VersionTexts ${LANG_ENGLISH} "Retaguarda set-up"
!insertmacro VersionTexts ${LANG_PORTUGUESEBR} "Instalador do Retaguarda"

; --- helpers of the set-up and of the uninstaller, which cannot share functions ---

; What the bundle holds, in the order in which it changes places.
!macro EachPart action
  !insertmacro ${action} python
  !insertmacro ${action} site
  !insertmacro ${action} programa
  !insertmacro ${action} licencas
  !insertmacro ${action} Retaguarda.exe
  !insertmacro ${action} retaguarda-comando.exe
  !insertmacro ${action} LICENCA.txt
!macroend

; $Status becomes the name of this program when it runs, unless another is named there already.
!macro FindRunning program
  StrCpy $0 "$INSTDIR\${program}"
  StrCpy $1 60
  ${DoWhile} $Status == ""
    ; GENERIC_WRITE, all sharing, OPEN_EXISTING
    System::Call 'kernel32::CreateFileW(w r0, i 0x40000000, i 7, p 0, i 3, i 0, p 0) p.r2 ?e'
    Pop $3
    ${If} $2 P<> -1
      System::Call 'kernel32::CloseHandle(p r2)'
      ${Break}
    ${ElseIf} $3 <> 32 ; ERROR_SHARING_VIOLATION; of what else there may be, it is told where it stands in the way
      ${Break}
    ${EndIf}
    IntOp $1 $1 - 1
    ${If} $1 = 0
      StrCpy $Status "${program}"
    ${Else}
      Sleep 250
    ${EndIf}
  ${Loop}
!macroend

!macro Helpers un
  ; Writes $Line at the end of the log, in UTF-8.
  Function ${un}WriteLine
    Push $0
    Push $1
    Push $2
    Push $3
    ${If} $LogFile != ""
      ClearErrors
      FileOpen $0 $LogFile a
      ${IfNot} ${Errors}
        FileSeek $0 0 END
        StrCpy $1 "$Line$\r$\n"
        System::Alloc 8192
        Pop $2
        System::Call 'kernel32::WideCharToMultiByte(i 65001, i 0, w r1, i -1, p r2, i 8192, p 0, p 0) i.r3'
        IntOp $3 $3 - 1
        System::Call 'kernel32::WriteFile(p r0, p r2, i r3, *i .r3, p 0)'
        System::Free $2
        FileClose $0
      ${EndIf}
    ${EndIf}
    Pop $3
    Pop $2
    Pop $1
    Pop $0
  FunctionEnd

  ; The end for a reason: $Trouble says it, $TroubleCode is the exit code.
  Function ${un}Stop
    StrCpy $Line "$(StoppedWord) ($TroubleCode): $Trouble"
    Call ${un}WriteLine
    MessageBox MB_OK|MB_ICONSTOP "$Trouble" /SD IDOK
    SetErrorLevel $TroubleCode
    Quit
  FunctionEnd

  ; Takes the next word of the command line off $Rest into $Token, without its quotation marks; "" at the end.
  Function ${un}NextToken
    Push $0
    Push $1
    StrCpy $Token ""
    StrCpy $0 0
    ${Do}
      StrCpy $1 $Rest 1
      ${If} $1 == ""
        ${Break}
      ${EndIf}
      StrCpy $Rest $Rest "" 1
      ${If} $1 == '"'
        IntOp $0 1 - $0
      ${ElseIf} $1 == " "
      ${AndIf} $0 = 0
        ${If} $Token != ""
          ${Break}
        ${EndIf}
      ${Else}
        StrCpy $Token "$Token$1"
      ${EndIf}
    ${Loop}
    Pop $1
    Pop $0
  FunctionEnd

  ; Parts $Token at its equals sign: the name stays, $Value is the rest.
  Function ${un}SplitToken
    Push $0
    Push $1
    StrCpy $Value ""
    StrCpy $0 0
    ${Do}
      StrCpy $1 $Token 1 $0
      ${If} $1 == ""
        ${Break}
      ${EndIf}
      ${If} $1 == "="
        IntOp $1 $0 + 1
        StrCpy $Value $Token "" $1
        StrCpy $Token $Token $0
        ${Break}
      ${EndIf}
      IntOp $0 $0 + 1
    ${Loop}
    Pop $1
    Pop $0
  FunctionEnd

  Function ${un}RefuseSwitch
    StrCpy $Trouble "$(SwitchWrong) $Token=$Value"
    StrCpy $TroubleCode ${WRONG_SWITCH}
    Call ${un}Stop
  FunctionEnd

  ; Refuses the switch when its value is no whole path: what it begins at changes on the way.
  Function ${un}NeedWholePath
    Push $0
    Push $1
    StrCpy $0 $Value 2
    StrCpy $1 $Value 2 1
    ${If} $0 != "\\"
    ${AndIf} $1 != ":\"
      Call ${un}RefuseSwitch
    ${EndIf}
    Pop $1
    Pop $0
  FunctionEnd

  ; Runs $Command; $Status is its exit code ("error", "timeout" when there is none), $Output what it said.
  Function ${un}RunCommand
    Push $0
    Push $1
    Push $2
    Push $3
    StrCpy $Line "> $Command"
    Call ${un}WriteLine
    nsExec::ExecToStack /TIMEOUT=300000 '$Command'
    Pop $Status
    Pop $1
    ; The program speaks UTF-8, which nsExec took for the system's code page; what is none is a console's, as netsh's.
    StrLen $3 $1
    System::Alloc 8192
    Pop $2
    System::Call 'kernel32::WideCharToMultiByte(i 0, i 0, w r1, i -1, p r2, i 8192, p 0, p 0)'
    System::Call 'kernel32::MultiByteToWideChar(i 65001, i 8, p r2, i -1, w .r0, i ${NSIS_MAX_STRLEN}) i.r1'
    ${If} $1 = 0
      ${If} $3 < 1000
        StrCpy $3 1 ; CP_OEMCP
      ${Else} ; nsExec cut it, perhaps within a letter
        StrCpy $3 65001
      ${EndIf}
      System::Call 'kernel32::MultiByteToWideChar(i r3, i 0, p r2, i -1, w .r0, i ${NSIS_MAX_STRLEN}) i.r1'
    ${EndIf}
    System::Free $2
    ${If} $1 = 0
      StrCpy $0 ""
    ${EndIf}
    StrCpy $Output $0
    StrCpy $Line "$Output ($Status)"
    Call ${un}WriteLine
    Pop $3
    Pop $2
    Pop $1
    Pop $0
  FunctionEnd

  ; $Status is the program of $INSTDIR that runs, in whatever session, "" when none does. Windows lets the folder of a
  ; running program be moved, and the program's file too, but nobody write to that file ("Executable Images" in
  ; Microsoft's documentation of file systems). A service that said that it stopped is about to end, and a guard against
  ; viruses may hold the file for a moment: fifteen seconds.
  Function ${un}FindRunning
    Push $0
    Push $1
    Push $2
    Push $3
    StrCpy $Status ""
    !insertmacro FindRunning Retaguarda.exe
    !insertmacro FindRunning retaguarda-comando.exe
    Pop $3
    Pop $2
    Pop $1
    Pop $0
  FunctionEnd

  ; Asks the program that may be running out of $INSTDIR to end, and stops the service. Returns when neither runs as
  ; far as this user is told; FindRunning sees the others. Ends this with RUNNING when the program stays.
  Function ${un}EndRunning
    StrCpy $ServiceRan 0
    ReadRegStr $0 HKLM "${SERVICE_KEY}" "ImagePath"
    ${If} $0 != ""
    ${AndIf} $Scope == "all"
      StrCpy $Command '"$SYSDIR\net.exe" stop Retaguarda /y'
      Call ${un}RunCommand
      ${If} $Status == 0
        StrCpy $ServiceRan 1
      ${EndIf}
    ${EndIf}
    ${If} ${FileExists} "$INSTDIR\retaguarda-comando.exe"
    ${AndIf} ${FileExists} "$INSTDIR\programa\main.py"
      ${Do}
        ; The command's executable: where the runtime is broken it says so without a box that waits for somebody.
        StrCpy $Command '"$INSTDIR\retaguarda-comando.exe" --encerrar'
        Call ${un}RunCommand
        ${If} $Status != 3
          ${Break}
        ${EndIf}
        ${If} ${Cmd} `MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(StillRunning)" /SD IDCANCEL IDCANCEL`
          Call ${un}StopRunning
        ${EndIf}
      ${Loop}
    ${EndIf}
  FunctionEnd

  ; The end with RUNNING, with the installed program as it was.
  Function ${un}StopRunning
    RMDir /r "$INSTDIR\novo"
    RMDir "$INSTDIR\anterior"
    Call ${un}RestartService
    StrCpy $Trouble "$(StillRunning)"
    StrCpy $TroubleCode ${RUNNING}
    StrCpy $Line "$(StoppedWord) ($TroubleCode): $Trouble"
    Call ${un}WriteLine
    SetErrorLevel ${RUNNING}
    Quit
  FunctionEnd

  Function ${un}RestartService
    ${If} $ServiceRan = 1
      StrCpy $Command '"$SYSDIR\net.exe" start Retaguarda'
      Call ${un}RunCommand
    ${EndIf}
  FunctionEnd

  ; Gives netsh the $Command, as an administrator: where this is none, Windows is asked for one. $Status is "refused"
  ; when there was nobody to ask or it was refused. Of one that was asked for it is not told how it ended: 0.
  Function ${un}ChangeFirewall
    Push $0
    UserInfo::GetAccountType
    Pop $0
    ${If} $0 == "Admin"
      StrCpy $Command '"$SYSDIR\netsh.exe" $Command'
      Call ${un}RunCommand
    ${Else}
      StrCpy $Status "refused"
      ${IfNot} ${Silent}
        ClearErrors
        ExecShellWait "runas" "$SYSDIR\netsh.exe" "$Command" SW_HIDE
        ${IfNot} ${Errors}
          StrCpy $Status 0
        ${EndIf}
      ${EndIf}
      StrCpy $Line "> netsh $Command ($Status)"
      Call ${un}WriteLine
    ${EndIf}
    Pop $0
  FunctionEnd

  Function ${un}CloseFirewall
    StrCpy $Command 'advfirewall firewall delete rule name="${RULE}"'
    Call ${un}ChangeFirewall
  FunctionEnd

  Function ${un}FindDataFolder
    ${If} $Scope == "all"
      SetShellVarContext all
      StrCpy $DataFolder "$APPDATA\Retaguarda"
    ${Else}
      SetShellVarContext current
      StrCpy $DataFolder "$LOCALAPPDATA\Retaguarda"
    ${EndIf}
  FunctionEnd
!macroend
!insertmacro Helpers ""
!insertmacro Helpers "un."

; --- the start ---

Function .onInit
  StrCpy $LogFile "$TEMP\Retaguarda-instalar.log"
  StrCpy $FolderGiven 0
  ${If} $INSTDIR != ""
    StrCpy $FolderGiven 1
  ${EndIf}
  StrCpy $Scope ""
  Call ReadSwitches
  Delete $LogFile
  System::Call 'kernel32::GetCommandLineW() w.r0'
  System::Call 'shlwapi::StrStrW(w r0, w " /D=") p.r1'
  ${If} $1 P<> 0
  ${AndIf} $FolderGiven = 0 ; NSIS found no folder in it, and would take the usual one in silence
    StrCpy $Trouble "$(FolderIsRoot)"
    StrCpy $TroubleCode ${WRONG_FOLDER}
    Call Stop
  ${EndIf}
  ${GetTime} "" "L" $0 $1 $2 $3 $4 $5 $6
  StrCpy $Line "Retaguarda ${VERSION}, $2-$1-$0 $4:$5:$6"
  Call WriteLine
  ${IfNot} ${AtLeastWin10}
  ${OrIfNot} ${AtLeastBuild} 17763 ; 1809, the first that Qt 6.11 is for; until 1607 Windows has no icuuc.dll
    StrCpy $Trouble "$(WindowsTooOld)"
    StrCpy $TroubleCode ${OLD_WINDOWS}
    Call Stop
  ${EndIf}
  System::Call 'kernel32::CreateMutexW(p 0, i 0, w "Retaguarda-instalar") p.r1 ?e'
  Pop $0
  StrCpy $Mutex $1
  ${If} $0 = 183 ; ERROR_ALREADY_EXISTS
    StrCpy $Trouble "$(SetupRunning)"
    StrCpy $TroubleCode ${ANOTHER_SETUP}
    Call Stop
  ${EndIf}
  ${If} $Scope == ""
    ; What is installed is what is meant: for everybody, when it is there for everybody and not for this user.
    ReadRegStr $0 HKLM "${UNINSTALL_KEY}" "DisplayVersion"
    ReadRegStr $1 HKCU "${UNINSTALL_KEY}" "DisplayVersion"
    StrCpy $Scope "user"
    ${If} $0 != ""
    ${AndIf} $1 == ""
      StrCpy $Scope "all"
    ${EndIf}
  ${EndIf}
  Call Settle
  Call CheckTogether
  ${If} $Scope == "all"
    Call NeedAdministrator ; at last: an administrator with another account does not see what this user has
  ${EndIf}
  ${If} $Found == ""
    StrCpy $WelcomeTitle "$(WelcomeNewTitle)"
    StrCpy $WelcomeText "$(WelcomeNewText)"
  ${ElseIf} $Found == "${VERSION}"
    StrCpy $WelcomeTitle "$(WelcomeRepairTitle)"
    StrCpy $WelcomeText "$(WelcomeRepairText)"
  ${Else}
    StrCpy $WelcomeTitle "$(WelcomeUpgradeTitle)"
    StrCpy $WelcomeText "$(WelcomeUpgradeText)"
  ${EndIf}
FunctionEnd

!macro Flag variable
  ${If} $Value != 0
  ${AndIf} $Value != 1
    Call RefuseSwitch
  ${EndIf}
  ${If} $Value == ""
    Call RefuseSwitch
  ${EndIf}
  StrCpy ${variable} $Value
!macroend

!macro PortNumber variable
  IntOp $0 $Value + 0
  ${If} $0 != $Value
  ${OrIf} $0 < 1
  ${OrIf} $0 > 65535
    Call RefuseSwitch
  ${EndIf}
  StrCpy ${variable} $Value
!macroend

; Every switch is known, or nothing is installed: one misspelt would otherwise go unnoticed on a hundred computers.
Function ReadSwitches
  ${GetParameters} $Rest
  ${Do}
    Call NextToken
    ${If} $Token == ""
      ${Break}
    ${EndIf}
    Call SplitToken
    ${Switch} $Token
      ${Case} "/S" ; NSIS takes no /s, and would show its pages where nobody is
        SetSilent silent
        ${Break}
      ${Case} "/NCRC"
        ${Break}
      ${Case} "/AllUsers"
        StrCpy $Scope "all"
        ${Break}
      ${Case} "/CurrentUser"
        StrCpy $Scope "user"
        ${Break}
      ${Case} "/INICIAR"
        !insertmacro Flag $GivenAutostart
        ${Break}
      ${Case} "/FIREWALL"
        !insertmacro Flag $GivenFirewall
        ${Break}
      ${Case} "/SERVICO"
        !insertmacro Flag $GivenService
        ${Break}
      ${Case} "/ABRIR"
        !insertmacro Flag $GivenOpen
        ${Break}
      ${Case} "/PORTA"
        !insertmacro PortNumber $GivenPort
        ${Break}
      ${Case} "/OPERADORES"
        StrCpy $Operators $Value
        ${Break}
      ${Case} "/BANCO_SERVIDOR"
        StrCpy $DatabaseServer $Value
        ${Break}
      ${Case} "/BANCO_PORTA"
        !insertmacro PortNumber $DatabasePort
        ${Break}
      ${Case} "/BANCO_NOME"
        StrCpy $DatabaseName $Value
        ${Break}
      ${Case} "/BANCO_USUARIO"
        StrCpy $DatabaseUser $Value
        ${Break}
      ${Case} "/BANCO_SSL"
        StrCpy $DatabaseSsl $Value
        ${Break}
      ${Case} "/LOG"
        Call NeedWholePath
        StrCpy $LogFile $Value
        ${Break}
      ${Default}
        Call RefuseSwitch
    ${EndSwitch}
  ${Loop}
FunctionEnd

; Returns when this process may change the whole computer; else asks Windows for that, and the one it starts goes on.
Function NeedAdministrator
  UserInfo::GetAccountType
  Pop $0
  ${If} $0 != "Admin"
    ${IfNot} ${Silent}
      System::Call 'kernel32::CloseHandle(p $Mutex)' ; the other one takes it
      ${GetParameters} $1
      StrCpy $1 "$1 /AllUsers" ; the last one counts
      ${If} $FolderGiven = 1
        StrCpy $1 "$1 /D=$INSTDIR"
      ${EndIf}
      ClearErrors
      ExecShell "runas" "$EXEPATH" "$1"
      ${IfNot} ${Errors}
        Quit
      ${EndIf}
    ${EndIf}
    StrCpy $Trouble "$(AdministratorNeeded)"
    StrCpy $TroubleCode ${NEEDS_ADMINISTRATOR}
    Call Stop
  ${EndIf}
FunctionEnd

; Works out, for the scope, what is installed, the folder and the choices.
Function Settle
  ${If} $Settled == $Scope
    Return
  ${EndIf}
  StrCpy $Settled $Scope
  Call FindDataFolder
  ReadRegStr $Found SHCTX "${UNINSTALL_KEY}" "DisplayVersion"
  ReadRegStr $0 SHCTX "${UNINSTALL_KEY}" "InstallLocation"
  ${If} $Found != ""
    ; An installed program stays where it is: in another folder it would be there twice.
    StrCpy $INSTDIR $0
  ${ElseIf} $FolderGiven = 0
    ${If} $Scope == "all"
      StrCpy $INSTDIR "$PROGRAMFILES64\Retaguarda"
    ${Else}
      StrCpy $INSTDIR "$LOCALAPPDATA\Programs\Retaguarda"
    ${EndIf}
  ${EndIf}
  StrCpy $Autostart 1
  StrCpy $Firewall 0
  StrCpy $Port 8082
  StrCpy $Service 0
  ${If} $Found != ""
    ReadRegStr $0 SHCTX "${RUN_KEY}" "Retaguarda"
    ${If} $0 == ""
      StrCpy $Autostart 0
    ${EndIf}
    ReadRegStr $0 SHCTX "${UNINSTALL_KEY}" "FirewallPort"
    ${If} $0 != ""
      StrCpy $Firewall 1
      StrCpy $Port $0
    ${EndIf}
    ReadRegStr $0 HKLM "${SERVICE_KEY}" "ImagePath"
    ${If} $0 != ""
    ${AndIf} $Scope == "all"
      StrCpy $Service 1
    ${EndIf}
  ${EndIf}
  ${If} $GivenAutostart != ""
    StrCpy $Autostart $GivenAutostart
  ${EndIf}
  ${If} $GivenFirewall != ""
    StrCpy $Firewall $GivenFirewall
  ${EndIf}
  ${If} $GivenPort != ""
    StrCpy $Port $GivenPort
  ${EndIf}
  ${If} $GivenService != ""
    StrCpy $Service $GivenService
  ${EndIf}
FunctionEnd

; What does not go together, each with its sentence.
Function CheckTogether
  ${If} $Scope == "user"
    ${If} $GivenService == 1
    ${OrIf} $Operators != ""
      StrCpy $Trouble "$(ServiceNeedsAllUsers)"
      StrCpy $TroubleCode ${WRONG_SWITCH}
      Call Stop
    ${EndIf}
    StrCpy $0 ""
    ${If} $Firewall = 1
      StrCpy $0 $Port
    ${EndIf}
    ReadRegStr $1 HKCU "${UNINSTALL_KEY}" "FirewallPort"
    ${If} $0 != $1 ; a rule that stays as it is needs nobody
    ${AndIf} ${Silent}
      UserInfo::GetAccountType
      Pop $0
      ${If} $0 != "Admin"
        StrCpy $Trouble "$(AdministratorNeeded)"
        StrCpy $TroubleCode ${NEEDS_ADMINISTRATOR}
        Call Stop
      ${EndIf}
    ${EndIf}
    ReadRegStr $0 HKLM "${UNINSTALL_KEY}" "DisplayVersion"
  ${Else}
    ReadRegStr $0 HKCU "${UNINSTALL_KEY}" "DisplayVersion"
  ${EndIf}
  ${If} $0 != ""
  ${AndIf} $Found == ""
    StrCpy $Trouble "$(InstalledOtherwise)"
    StrCpy $TroubleCode ${OTHER_INSTALLATION}
    Call Stop
  ${EndIf}
  ${If} $Found != ""
    ${VersionCompare} "$Found" "${VERSION}" $0
    ${If} $0 = 1
      StrCpy $Trouble "$(NewerInstalled)"
      StrCpy $TroubleCode ${OTHER_INSTALLATION}
      Call Stop
    ${EndIf}
  ${EndIf}
  ${If} ${Silent}
    Call CheckFolder
    ${If} $Trouble != ""
      StrCpy $TroubleCode ${WRONG_FOLDER}
      Call Stop
    ${EndIf}
  ${EndIf}
FunctionEnd

; $Trouble is the sentence about why nothing can be installed in $INSTDIR, "" when it can.
Function CheckFolder
  StrCpy $Trouble ""
  ${If} ${FileExists} "$INSTDIR\desinstalar.exe"
  ${OrIf} ${FileExists} "$INSTDIR\anterior\*.*" ; what a set-up that was cut short left
    Return
  ${EndIf}
  ${GetRoot} "$INSTDIR" $0
  StrLen $0 "$0\"
  StrLen $1 $INSTDIR
  ${If} $1 <= $0
    StrCpy $Trouble "$(FolderIsRoot)"
    Return
  ${EndIf}
  ${DirState} "$INSTDIR" $0
  ${If} $0 = 1
  ${AndIfNot} ${FileExists} "$INSTDIR\novo\*.*"
    StrCpy $Trouble "$(FolderNotEmpty)"
  ${EndIf}
FunctionEnd

; --- the pages ---

Function Cancelled
  StrCpy $Line "$(CancelledWord)"
  Call WriteLine
FunctionEnd

Function SkipWhenInstalled
  ${If} $Found != ""
    Abort
  ${EndIf}
FunctionEnd

Function MaintenancePage
  ${If} $Found != "${VERSION}"
    Abort
  ${EndIf}
  !insertmacro MUI_HEADER_TEXT "$(MaintenanceTitle)" "$(MaintenanceSubtitle)"
  nsDialogs::Create 1018
  Pop $0
  ; The two buttons one after the other: with the arrow keys one goes from control to control.
  ${NSD_CreateFirstRadioButton} 0 10u 100% 12u "$(RepairChoice)"
  Pop $ChoiceA
  ${NSD_CreateAdditionalRadioButton} 0 50u 100% 12u "$(RemoveChoice)"
  Pop $ChoiceB
  ${NSD_CreateLabel} 12u 23u -12u 20u "$(RepairHelp)"
  Pop $0
  ${NSD_CreateLabel} 12u 63u -12u 20u "$(RemoveHelp)"
  Pop $0
  ${NSD_Check} $ChoiceA
  ${NSD_SetFocus} $ChoiceA
  nsDialogs::Show
FunctionEnd

Function MaintenanceLeave
  ${NSD_GetState} $ChoiceB $0
  ${If} $0 = ${BST_CHECKED}
    HideWindow
    ; A copy, as it would make itself: one that runs out of the folder could not remove it, nor be waited for.
    CopyFiles /SILENT "$INSTDIR\desinstalar.exe" "$PLUGINSDIR\desinstalar.exe"
    ExecWait '"$PLUGINSDIR\desinstalar.exe" _?=$INSTDIR' $0
    SetErrorLevel $0
    Quit
  ${EndIf}
FunctionEnd

Function ScopePage
  Call SkipWhenInstalled
  !insertmacro MUI_HEADER_TEXT "$(ScopeTitle)" "$(ScopeSubtitle)"
  nsDialogs::Create 1018
  Pop $0
  ${NSD_CreateFirstRadioButton} 0 10u 100% 12u "$(ScopeUser)"
  Pop $ChoiceA
  ${NSD_CreateAdditionalRadioButton} 0 50u 100% 12u "$(ScopeAll)"
  Pop $ChoiceB
  ${NSD_CreateLabel} 12u 23u -12u 20u "$(ScopeUserHelp)"
  Pop $0
  ${NSD_CreateLabel} 12u 63u -12u 30u "$(ScopeAllHelp)"
  Pop $0
  ${If} $Scope == "all"
    ${NSD_Check} $ChoiceB
    ${NSD_SetFocus} $ChoiceB
  ${Else}
    ${NSD_Check} $ChoiceA
    ${NSD_SetFocus} $ChoiceA
  ${EndIf}
  nsDialogs::Show
FunctionEnd

Function ScopeLeave
  ${NSD_GetState} $ChoiceB $0
  StrCpy $1 $Scope
  ${If} $0 = ${BST_CHECKED}
    StrCpy $Scope "all"
    ${If} $1 != "all"
      UserInfo::GetAccountType
      Pop $0
      ${If} $0 != "Admin"
        System::Call 'kernel32::CloseHandle(p $Mutex)'
        ${GetParameters} $0
        StrCpy $0 "$0 /AllUsers" ; over a /CurrentUser before it
        ${If} $FolderGiven = 1
          StrCpy $0 "$0 /D=$INSTDIR"
        ${EndIf}
        ClearErrors
        ExecShell "runas" "$EXEPATH" "$0"
        ${IfNot} ${Errors}
          Quit
        ${EndIf}
        MessageBox MB_OK|MB_ICONEXCLAMATION "$(AdministratorNeeded)"
        StrCpy $Scope "user"
        Abort
      ${EndIf}
    ${EndIf}
  ${Else}
    StrCpy $Scope "user"
  ${EndIf}
  Call Settle
FunctionEnd

Function FolderLeave
  Call CheckFolder
  ${If} $Trouble != ""
    MessageBox MB_OK|MB_ICONEXCLAMATION "$Trouble"
    Abort
  ${EndIf}
FunctionEnd

Function OptionsPage
  !insertmacro MUI_HEADER_TEXT "$(OptionsTitle)" "$(OptionsSubtitle)"
  nsDialogs::Create 1018
  Pop $0
  ${NSD_CreateCheckbox} 0 4u 100% 12u "$(OptionAutostart)"
  Pop $BoxAutostart
  ${NSD_SetState} $BoxAutostart $Autostart
  ${NSD_CreateCheckbox} 0 26u 100% 12u "$(OptionService)"
  Pop $BoxService
  ${NSD_SetState} $BoxService $Service
  ${NSD_CreateLabel} 12u 39u -12u 28u "$(OptionServiceHelp)"
  Pop $0
  ${NSD_CreateCheckbox} 0 74u 76% 12u "$(OptionFirewall)"
  Pop $BoxFirewall
  ${NSD_SetState} $BoxFirewall $Firewall
  ${NSD_CreateNumber} 78% 74u 40u 12u "$Port"
  Pop $BoxPort
  ${NSD_CreateLabel} 12u 87u -12u 28u "$(OptionFirewallHelp)"
  Pop $0
  ${If} $Scope != "all"
    EnableWindow $BoxService 0
  ${EndIf}
  ${NSD_SetFocus} $BoxAutostart
  nsDialogs::Show
FunctionEnd

Function OptionsLeave
  ${NSD_GetState} $BoxAutostart $Autostart
  ${NSD_GetState} $BoxService $Service
  ${NSD_GetState} $BoxFirewall $Firewall
  ${NSD_GetText} $BoxPort $0
  ${If} $0 < 1
  ${OrIf} $0 > 65535
    MessageBox MB_OK|MB_ICONEXCLAMATION "$(PortWrong)"
    Abort
  ${EndIf}
  ${If} $0 != $Port
    StrCpy $GivenPort $0 ; chosen: kept in the settings too
  ${EndIf}
  StrCpy $Port $0
FunctionEnd

Function FinishShow
  ${If} $GivenOpen == 0
    SendMessage $mui.FinishPage.Run ${BM_SETCHECK} ${BST_UNCHECKED} 0
  ${EndIf}
FunctionEnd

; As the person who is signed in: the shell starts it, not this process that may be the administrator's.
Function OpenProgram
  ${If} $Scope == "all"
    Exec '"$WINDIR\explorer.exe" "$INSTDIR\Retaguarda.exe"'
  ${Else}
    SetOutPath $INSTDIR
    Exec '"$INSTDIR\Retaguarda.exe"'
  ${EndIf}
FunctionEnd

; --- the installation ---

!macro PutBackIfMissing part
  ${IfNot} ${FileExists} "$INSTDIR\${part}"
  ${AndIf} ${FileExists} "$INSTDIR\anterior\${part}"
    Rename "$INSTDIR\anterior\${part}" "$INSTDIR\${part}"
  ${EndIf}
!macroend

; Moves $0 to $1. A guard against viruses may hold new files for a moment: it tries for five seconds.
; The error flag says that it could not be.
Function Move
  StrCpy $2 20
  ${Do}
    ClearErrors
    Rename "$0" "$1"
    ${IfNot} ${Errors}
      Return
    ${EndIf}
    IntOp $2 $2 - 1
    ${If} $2 = 0
      SetErrors
      Return
    ${EndIf}
    Sleep 250
  ${Loop}
FunctionEnd

!macro PutAside part
  ${If} $Status == ""
  ${AndIf} ${FileExists} "$INSTDIR\${part}"
    StrCpy $0 "$INSTDIR\${part}"
    StrCpy $1 "$INSTDIR\anterior\${part}"
    Call Move
    ${If} ${Errors}
      StrCpy $Status "${part}"
    ${EndIf}
  ${EndIf}
!macroend

!macro PutInPlace part
  ${If} $Status == ""
    StrCpy $0 "$INSTDIR\novo\${part}"
    StrCpy $1 "$INSTDIR\${part}"
    Call Move
    ${If} ${Errors}
      StrCpy $Status "${part}"
    ${EndIf}
  ${EndIf}
!macroend

!macro PutBack part
  ${IfNot} ${FileExists} "$INSTDIR\novo\${part}" ; it had its place already
    StrCpy $0 "$INSTDIR\${part}"
    StrCpy $1 "$INSTDIR\novo\${part}"
    Call Move
  ${EndIf}
  ${If} ${FileExists} "$INSTDIR\anterior\${part}"
    StrCpy $0 "$INSTDIR\anterior\${part}"
    StrCpy $1 "$INSTDIR\${part}"
    Call Move
  ${EndIf}
!macroend

; What all start, a service too, nobody but an administrator may replace. Program Files sees to that by itself; a folder
; of a disk's root takes over from it that every user may write there. Whoever made the folder before owns it no more.
Function ProtectFolder
  StrLen $0 "$PROGRAMFILES64\"
  StrCpy $1 $INSTDIR $0
  ${If} $Scope != "all"
  ${OrIf} $1 == "$PROGRAMFILES64\"
    Return
  ${EndIf}
  CreateDirectory "$INSTDIR"
  StrCpy $Command '"$SYSDIR\icacls.exe" "$INSTDIR" /setowner *S-1-5-32-544'
  Call RunCommand
  ${If} $Status == 0
    StrCpy $Command '"$SYSDIR\icacls.exe" "$INSTDIR" /reset'
    Call RunCommand
  ${EndIf}
  ${If} $Status == 0
    ; The system, the administrators, and the users of the computer, who read and run.
    StrCpy $Command '"$SYSDIR\icacls.exe" "$INSTDIR" /inheritance:r /grant:r *S-1-5-18:(OI)(CI)F *S-1-5-32-544:(OI)(CI)F *S-1-5-32-545:(OI)(CI)RX'
    Call RunCommand
  ${EndIf}
  ${If} $Status != 0
    RMDir "$INSTDIR" ; only when nothing is in it
    StrCpy $Trouble "$(FolderNotProtected)"
    StrCpy $TroubleCode ${WRONG_FOLDER}
    Call Stop
  ${EndIf}
FunctionEnd

; The old files go to `anterior` and the new ones come from `novo`: all, or none. $Status names what stayed in the way.
Function ChangePlaces
  Call FindRunning
  ${If} $Status != ""
    Return
  ${EndIf}
  CreateDirectory "$INSTDIR\anterior"
  !insertmacro EachPart PutAside
  ${If} $Status == ""
    !insertmacro EachPart PutInPlace
  ${EndIf}
  ${If} $Status != ""
    !insertmacro EachPart PutBack
  ${EndIf}
FunctionEnd

; `$0` with what JSON wants escaped, and all that is not ASCII: $Json.
Function EscapeJson
  StrCpy $Json ""
  StrCpy $1 0
  ${Do}
    StrCpy $2 $0 1 $1
    ${If} $2 == ""
      ${Break}
    ${EndIf}
    System::Call '*(&w1 r2) p.r3'
    System::Call '*$3(&i2 .r4)'
    System::Free $3
    IntOp $4 $4 & 0xFFFF
    ${If} $2 == "\"
    ${OrIf} $4 > 126
      IntFmt $2 "\u%04X" $4
    ${EndIf}
    StrCpy $Json "$Json$2"
    IntOp $1 $1 + 1
  ${Loop}
FunctionEnd

; Beside programa\: what the program cannot find out by itself (app/installation.py reads it).
Function WriteInstallation
  StrCpy $0 ""
  ${If} $Scope == "all"
    StrCpy $0 $DataFolder
  ${EndIf}
  Call EscapeJson
  ; The program itself moves the secrets and says so in this file: what it said stays.
  StrCpy $5 "usuario"
  ClearErrors
  FileOpen $6 "$INSTDIR\instalacao.json" r
  ${IfNot} ${Errors}
    ${Do}
      ClearErrors
      FileRead $6 $7
      ${If} ${Errors}
        ${Break}
      ${EndIf}
      ${WordFind} $7 '"computador"' "E+1{" $8
      ${IfNot} ${Errors}
        StrCpy $5 "computador"
      ${EndIf}
    ${Loop}
    FileClose $6
  ${EndIf}
  Delete "$INSTDIR\instalacao.json"
  FileOpen $0 "$INSTDIR\instalacao.json" w
  FileWrite $0 '{"versao": "${VERSION}", "dados": "$Json", "cofre": "$5"}$\r$\n'
  FileClose $0
FunctionEnd

Function WriteShortcut
  SetOutPath "$INSTDIR" ; becomes the folder in which the shortcut starts the program
  CreateShortcut "${SHORTCUT}" "$INSTDIR\Retaguarda.exe" "" "$INSTDIR\Retaguarda.exe" 0 SW_SHOWNORMAL "" "$(ShortcutHelp)"
  ; The taskbar takes windows and shortcut for one program when both have the same identity.
  !insertmacro ComHlpr_CreateInProcInstance ${CLSID_ShellLink} ${IID_IShellLink} r0 ""
  ${If} $0 P<> 0
    ${IUnknown::QueryInterface} $0 '("${IID_IPersistFile}", .r1)'
    ${If} $1 P<> 0
      ${IPersistFile::Load} $1 '("${SHORTCUT}", 2)' ; STGM_READWRITE
      ${IUnknown::QueryInterface} $0 '("${IID_IPropertyStore}", .r2)'
      ${If} $2 P<> 0
        System::Call '*${SYSSTRUCT_PROPERTYKEY}(${PKEY_AppUserModel_ID}) p.r3'
        System::Call 'oleaut32::SysAllocString(w "${USER_MODEL_ID}") p.r4'
        System::Call '*${SYSSTRUCT_PROPVARIANT}(${VT_BSTR},, p r4) p.r5'
        ${IPropertyStore::SetValue} $2 '($3, $5)'
        ${IPropertyStore::Commit} $2 ""
        System::Call 'oleaut32::SysFreeString(p r4)'
        System::Free $5
        System::Free $3
        ${IUnknown::Release} $2 ""
        ${IPersistFile::Save} $1 '("${SHORTCUT}", 1)'
      ${EndIf}
      ${IUnknown::Release} $1 ""
    ${EndIf}
    ${IUnknown::Release} $0 ""
  ${EndIf}
FunctionEnd

Function WriteRegistry
  WriteRegStr SHCTX "${UNINSTALL_KEY}" "DisplayName" "Retaguarda"
  WriteRegStr SHCTX "${UNINSTALL_KEY}" "DisplayVersion" "${VERSION}"
  WriteRegStr SHCTX "${UNINSTALL_KEY}" "Publisher" "Retaguarda"
  WriteRegStr SHCTX "${UNINSTALL_KEY}" "DisplayIcon" "$INSTDIR\Retaguarda.exe,0"
  WriteRegStr SHCTX "${UNINSTALL_KEY}" "InstallLocation" "$INSTDIR"
  WriteRegStr SHCTX "${UNINSTALL_KEY}" "UninstallString" '"$INSTDIR\desinstalar.exe"'
  WriteRegStr SHCTX "${UNINSTALL_KEY}" "QuietUninstallString" '"$INSTDIR\desinstalar.exe" /S'
  WriteRegDWORD SHCTX "${UNINSTALL_KEY}" "EstimatedSize" ${SIZE_KB}
  WriteRegDWORD SHCTX "${UNINSTALL_KEY}" "NoModify" 1
  WriteRegDWORD SHCTX "${UNINSTALL_KEY}" "NoRepair" 1 ; by running the set-up again: Windows keeps no copy of it
  ${If} $Autostart = 1
    WriteRegStr SHCTX "${RUN_KEY}" "Retaguarda" '"$INSTDIR\Retaguarda.exe" --bandeja'
  ${Else}
    DeleteRegValue SHCTX "${RUN_KEY}" "Retaguarda"
  ${EndIf}
FunctionEnd

; Each of $Operators, parted by semicolons, behind $0 in $1; as in ' --operadores "Vendas"'.
Function EachOperator
  StrCpy $1 ""
  StrCpy $2 $Operators
  ${DoWhile} $2 != ""
    StrCpy $3 0
    ${Do}
      StrCpy $4 $2 1 $3
      ${If} $4 == ""
      ${OrIf} $4 == ";"
        ${Break}
      ${EndIf}
      IntOp $3 $3 + 1
    ${Loop}
    StrCpy $4 $2 $3
    IntOp $3 $3 + 1
    StrCpy $2 $2 "" $3
    ${If} $4 != ""
      StrCpy $1 '$1$0"$4"'
    ${EndIf}
  ${Loop}
FunctionEnd

; Who may use the data that all share, when it is kept in a folder of the computer: those whom the command line names;
; else everybody who uses this computer, but where there is a service, whose passwords the folder keeps.
Function WriteAccess
  ${If} $Scope != "all"
    Return
  ${EndIf}
  StrCpy $1 ""
  ${If} $Operators != ""
    StrCpy $0 " "
    Call EachOperator
  ${ElseIf} $Found == ""
  ${AndIf} $Service = 0
    StrCpy $1 " S-1-5-32-545" ; BUILTIN\Users, whose name is in the system's language
  ${EndIf}
  ${If} $1 != ""
    StrCpy $Command '"$INSTDIR\retaguarda-comando.exe" segredos permitir$1'
    Call RunCommand
    ${If} $Status != 0
      StrCpy $Trouble "$(SettingsRefused)$\r$\n$\r$\n$Output"
      StrCpy $TroubleCode ${NOT_CONFIGURED}
    ${EndIf}
  ${EndIf}
FunctionEnd

; The program itself registers its service, lets it at the data and carries the passwords to where it finds them.
Function WriteService
  ${If} $Scope != "all"
    Return
  ${EndIf}
  StrCpy $Command ""
  ReadRegStr $2 HKLM "${SERVICE_KEY}" "ImagePath"
  ${If} $Service = 1
    DetailPrint "$(WritingService)"
    StrCpy $0 " --operadores "
    Call EachOperator
    StrCpy $Command '"$INSTDIR\retaguarda-comando.exe" servico instalar$1'
  ${ElseIf} $2 != ""
    StrCpy $Command '"$INSTDIR\retaguarda-comando.exe" servico remover'
  ${EndIf}
  ${If} $Command != ""
    Call RunCommand
    ${If} $Status != 0
      StrCpy $Trouble "$(ServiceRefused)$\r$\n$\r$\n$Output"
      StrCpy $TroubleCode ${NO_SERVICE}
      ${If} $Service = 1
        Call RestartService ; that which was there goes on
      ${EndIf}
    ${EndIf}
  ${EndIf}
FunctionEnd

Function WriteSettings
  StrCpy $0 ""
  ${If} $GivenPort != ""
    StrCpy $0 '$0 balcao.porta_integracao=$GivenPort'
  ${EndIf}
  ${If} $DatabaseServer != ""
    StrCpy $0 '$0 balcao.banco_tipo=servidor "balcao.servidor=$DatabaseServer"'
  ${EndIf}
  ${If} $DatabasePort != ""
    StrCpy $0 '$0 balcao.porta_banco=$DatabasePort'
  ${EndIf}
  ${If} $DatabaseName != ""
    StrCpy $0 '$0 "balcao.banco_nome=$DatabaseName"'
  ${EndIf}
  ${If} $DatabaseUser != ""
    StrCpy $0 '$0 "balcao.banco_usuario=$DatabaseUser"'
  ${EndIf}
  ${If} $DatabaseSsl != ""
    StrCpy $0 '$0 "balcao.banco_ssl=$DatabaseSsl"'
  ${EndIf}
  ${If} $0 != ""
    DetailPrint "$(WritingSettings)"
    StrCpy $Command '"$INSTDIR\retaguarda-comando.exe" config gravar$0'
    Call RunCommand
    ${If} $Status != 0
      StrCpy $Trouble "$(SettingsRefused)$\r$\n$\r$\n$Output"
      StrCpy $TroubleCode ${NOT_CONFIGURED}
    ${EndIf}
  ${EndIf}
FunctionEnd

Function WriteFirewall
  ReadRegStr $0 SHCTX "${UNINSTALL_KEY}" "FirewallPort"
  StrCpy $Status 0
  ${If} $0 != ""
    ${If} $Firewall = 0
    ${OrIf} $0 != $Port
      Call CloseFirewall
      ${If} $Status != "refused" ; of a rule that was not there netsh says 1, and it is not there
        DeleteRegValue SHCTX "${UNINSTALL_KEY}" "FirewallPort"
        StrCpy $Status 0
        StrCpy $0 ""
      ${EndIf}
    ${EndIf}
  ${EndIf}
  ${If} $Firewall = 1
  ${AndIf} $0 == ""
    StrCpy $1 'name="${RULE}" dir=in action=allow program="$INSTDIR\Retaguarda.exe" protocol=TCP localport=$Port'
    StrCpy $Command 'advfirewall firewall add rule $1 profile=private,domain'
    Call ChangeFirewall
    ${If} $Status == 0
      WriteRegStr SHCTX "${UNINSTALL_KEY}" "FirewallPort" "$Port"
    ${EndIf}
  ${EndIf}
  ${If} $Status != 0
    StrCpy $Trouble "$(FirewallRefused)"
    StrCpy $TroubleCode ${NOT_CONFIGURED}
  ${EndIf}
FunctionEnd

Section
  SetDetailsPrint textonly
  StrCpy $Trouble ""
  StrCpy $Line "$INSTDIR ($Scope)"
  Call WriteLine

  Call ProtectFolder
  DetailPrint "$(Unpacking)"
  !insertmacro EachPart PutBackIfMissing
  RMDir /r "$INSTDIR\anterior"
  RMDir /r "$INSTDIR\novo"
  SetOutPath "$INSTDIR\novo"
  File /r "${BUNDLE}\*"
  SetOutPath "$INSTDIR" ; `novo` is no longer this process's folder, or it could not be moved

  DetailPrint "$(EndingProgram)"
  Call EndRunning
  ${Do}
    Call ChangePlaces
    ${If} $Status == ""
      ${Break}
    ${EndIf}
    StrCpy $Line "$INSTDIR\$Status: $(InUse)"
    Call WriteLine
    ${If} ${Cmd} `MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(FilesInUse)" /SD IDCANCEL IDCANCEL`
      Call StopRunning
    ${EndIf}
  ${Loop}

  DetailPrint "$(Registering)"
  Delete "$INSTDIR\desinstalar.exe" ; a file that is written over stays whoever's it was
  WriteUninstaller "$INSTDIR\desinstalar.exe"
  Call WriteInstallation
  Call WriteRegistry
  Call WriteShortcut
  RMDir /r "$INSTDIR\anterior"
  RMDir "$INSTDIR\novo"
  Call WriteAccess
  Call WriteSettings
  Call WriteFirewall
  Call WriteService
  ${If} $Trouble != ""
    StrCpy $Line "($TroubleCode) $Trouble"
    Call WriteLine
    MessageBox MB_OK|MB_ICONEXCLAMATION "$Trouble" /SD IDOK
    SetErrorLevel $TroubleCode
  ${Else}
    SetErrorLevel 0
  ${EndIf}
SectionEnd

Function .onInstSuccess
  StrCpy $Line "$(DoneWord)"
  Call WriteLine
  ${If} ${Silent}
  ${AndIf} $GivenOpen == 1
    Call OpenProgram
  ${EndIf}
FunctionEnd

Function .onInstFailed
  RMDir /r "$INSTDIR\novo"
  StrCpy $Line "$(FailedWord)"
  Call WriteLine
FunctionEnd

; --- the uninstaller ---

Function un.onInit
  StrCpy $EraseData 0
  StrCpy $0 $INSTDIR "" -1
  ${If} $0 == "\" ; as _?= may give it; it is compared with what was registered
    StrCpy $INSTDIR $INSTDIR -1
  ${EndIf}
  ${GetParameters} $Rest
  ${Do}
    Call un.NextToken
    ${If} $Token == ""
      ${Break}
    ${EndIf}
    Call un.SplitToken
    ${Switch} $Token
      ${Case} "/S" ; NSIS takes no /s, and would show its pages where nobody is
        SetSilent silent
        ${Break}
      ${Case} "/NCRC"
        ${Break}
      ${Case} "/LOG"
        Call un.NeedWholePath
        StrCpy $LogFile $Value
        ${Break}
      ${Case} "/DADOS"
        ${If} $Value == "apagar"
          StrCpy $EraseData 1
        ${ElseIf} $Value != "manter"
          Call un.RefuseSwitch
        ${EndIf}
        ${Break}
      ${Default}
        Call un.RefuseSwitch
    ${EndSwitch}
  ${Loop}
  ${IfNot} ${FileExists} "$INSTDIR\instalacao.json"
    StrCpy $Trouble "$(NotInstalledHere)"
    StrCpy $TroubleCode ${WRONG_FOLDER}
    Call un.Stop
  ${EndIf}
  StrCpy $Scope "user"
  ReadRegStr $0 HKLM "${UNINSTALL_KEY}" "InstallLocation"
  ${If} $0 == $INSTDIR
    StrCpy $Scope "all"
    UserInfo::GetAccountType
    Pop $0
    ${If} $0 != "Admin"
      ${IfNot} ${Silent}
        ${GetParameters} $1
        ClearErrors
        ExecShell "runas" "$INSTDIR\desinstalar.exe" "$1"
        ${IfNot} ${Errors}
          Quit
        ${EndIf}
      ${EndIf}
      StrCpy $Trouble "$(AdministratorNeeded)"
      StrCpy $TroubleCode ${NEEDS_ADMINISTRATOR}
      Call un.Stop
    ${EndIf}
  ${EndIf}
  Call un.FindDataFolder
FunctionEnd

Function un.DataPage
  !insertmacro MUI_HEADER_TEXT "$(DataTitle)" "$(DataSubtitle)"
  nsDialogs::Create 1018
  Pop $0
  ${NSD_CreateLabel} 0 4u 100% 30u "$(DataHelp)$\r$\n$DataFolder"
  Pop $0
  ${NSD_CreateCheckbox} 0 44u 100% 12u "$(DataErase)"
  Pop $ChoiceA
  ${NSD_SetState} $ChoiceA $EraseData
  ${NSD_CreateLabel} 12u 57u -12u 30u "$(DataEraseHelp)"
  Pop $0
  GetDlgItem $0 $HWNDPARENT 1
  SendMessage $0 ${WM_SETTEXT} 0 "STR:$(UninstallButton)"
  nsDialogs::Show
FunctionEnd

Function un.DataLeave
  ${NSD_GetState} $ChoiceA $EraseData
  ${If} $EraseData = 1
    ${If} ${Cmd} `MessageBox MB_YESNO|MB_ICONEXCLAMATION|MB_DEFBUTTON2 "$(DataEraseSure)" IDNO`
      Abort
    ${EndIf}
  ${EndIf}
FunctionEnd

; The passwords that the program keeps in this user's Credential Manager: keyring calls them Retaguarda or
; NAME@Retaguarda.
Function un.EraseSecrets
  System::Call 'advapi32::CredEnumerateW(p 0, i 0, *i .r1, *p .r2) i.r0'
  ${If} $0 <> 0
    StrCpy $3 $2
    ${DoWhile} $1 > 0
      System::Call '*$3(p .r4)'
      System::Call '*$4(i, i .r5, p .r6)' ; CREDENTIALW: Flags, Type, TargetName
      System::Call 'kernel32::lstrcpynW(w .r7, p r6, i ${NSIS_MAX_STRLEN})'
      StrCpy $8 $7 "" -11
      ${If} $7 == "Retaguarda"
      ${OrIf} $8 == "@Retaguarda"
        System::Call 'advapi32::CredDeleteW(w r7, i r5, i 0)'
      ${EndIf}
      IntPtrOp $3 $3 + ${NSIS_PTR_SIZE}
      IntOp $1 $1 - 1
    ${Loop}
    System::Call 'advapi32::CredFree(p r2)'
  ${EndIf}
FunctionEnd

; Erases the file or the folder $0 with what is in it. Of a link to another folder only the link goes, at any depth; RMDir
; /r would go through it and empty what it leads to.
Function un.Erase
  Push $1
  Push $2
  Push $3
  System::Call 'kernel32::GetFileAttributesW(w r0) i.r1'
  IntOp $2 $1 & 0x410 ; FILE_ATTRIBUTE_REPARSE_POINT and _DIRECTORY
  ${If} $2 = 0x410 ; where there is nothing too, of which nothing is said
    System::Call 'kernel32::RemoveDirectoryW(w r0)'
  ${ElseIf} $2 = 0x10
    StrCpy $3 $0
    FindFirst $1 $2 "$3\*"
    ${DoWhile} $2 != ""
      ${If} $2 != "."
      ${AndIf} $2 != ".."
        StrCpy $0 "$3\$2"
        Call un.Erase
      ${EndIf}
      FindNext $1 $2
    ${Loop}
    FindClose $1
    StrCpy $0 $3
    RMDir "$0"
  ${Else}
    Delete "$0"
  ${EndIf}
  Pop $3
  Pop $2
  Pop $1
FunctionEnd

!macro Remove part
  RMDir /r "$INSTDIR\${part}"
  Delete "$INSTDIR\${part}"
!macroend

Section un.Remove
  SetDetailsPrint textonly
  DetailPrint "$(EndingProgram)"
  Call un.EndRunning
  ${Do} ; nothing was removed yet
    Call un.FindRunning
    ${If} $Status == ""
      ${Break}
    ${EndIf}
    StrCpy $Line "$INSTDIR\$Status: $(InUse)"
    Call un.WriteLine
    ${If} ${Cmd} `MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(FilesInUse)" /SD IDCANCEL IDCANCEL`
      Call un.StopRunning
    ${EndIf}
  ${Loop}

  DetailPrint "$(Removing)"
  ReadRegStr $0 HKLM "${SERVICE_KEY}" "ImagePath"
  ${If} $0 != ""
  ${AndIf} $Scope == "all"
    StrCpy $Command '"$INSTDIR\retaguarda-comando.exe" servico remover'
    Call un.RunCommand
    ${If} $Status != 0 ; where the program is damaged, Windows does it
      StrCpy $Command '"$SYSDIR\sc.exe" delete Retaguarda'
      Call un.RunCommand
    ${EndIf}
  ${EndIf}
  ReadRegStr $0 SHCTX "${UNINSTALL_KEY}" "FirewallPort"
  ${If} $0 != ""
    Call un.CloseFirewall
  ${EndIf}
  DeleteRegValue SHCTX "${RUN_KEY}" "Retaguarda"
  DeleteRegValue HKCU "${RUN_KEY}" "Retaguarda" ; as switched on in the program
  ; Switched off there, it would not start with the session after it is installed again either.
  DeleteRegValue SHCTX "${RUN_SWITCH_KEY}" "Retaguarda"
  DeleteRegValue HKCU "${RUN_SWITCH_KEY}" "Retaguarda"
  DeleteRegKey SHCTX "${UNINSTALL_KEY}"
  Delete "${SHORTCUT}"
  SetOutPath "$TEMP"
  !insertmacro EachPart Remove
  RMDir /r "$INSTDIR\anterior"
  RMDir /r "$INSTDIR\novo"
  Delete "$INSTDIR\instalacao.json"
  Delete "$INSTDIR\desinstalar.exe"
  RMDir "$INSTDIR" ; only when nothing else is in it
  ${If} $EraseData = 1
    StrCpy $0 $DataFolder
    System::Call 'kernel32::GetFileAttributesW(w r0) i.r1'
    IntOp $2 $1 & 0x400
    Call un.Erase
    ${If} $1 <> -1
    ${AndIf} $2 <> 0
      StrCpy $Line "$(DataElsewhere)"
      Call un.WriteLine
      MessageBox MB_OK|MB_ICONEXCLAMATION "$(DataElsewhere)" /SD IDOK
    ${EndIf}
    Call un.EraseSecrets
  ${EndIf}
  StrCpy $Line "$(DoneWord)"
  Call un.WriteLine
  SetErrorLevel 0
SectionEnd

; --- what is said ---

!macro Text name english portuguese
  LangString ${name} ${LANG_ENGLISH} "${english}"
  LangString ${name} ${LANG_PORTUGUESEBR} "${portuguese}"
!macroend

!insertmacro Text WelcomeNewTitle "Install Retaguarda ${VERSION}" "Instalar o Retaguarda ${VERSION}"
!insertmacro Text WelcomeNewText \
  "This installs Retaguarda on this computer.$\r$\n$\r$\nNothing is sent anywhere, and no customer is consulted before you say so in the program.$\r$\n$\r$\nClick Next to go on." \
  "O Retaguarda será instalado neste computador.$\r$\n$\r$\nNada é enviado a ninguém, e nenhum cliente é consultado antes que você ligue isso no programa.$\r$\n$\r$\nClique em Próximo para continuar."
!insertmacro Text WelcomeUpgradeTitle "Update Retaguarda to ${VERSION}" "Atualizar o Retaguarda para a versão ${VERSION}"
!insertmacro Text WelcomeUpgradeText \
  "Version $Found is installed in:$\r$\n$INSTDIR$\r$\n$\r$\nThe program will be replaced. Data, settings and passwords stay. If it is open, it will be asked to end.$\r$\n$\r$\nClick Next to go on." \
  "A versão $Found está instalada em:$\r$\n$INSTDIR$\r$\n$\r$\nO programa será trocado. Os dados, as configurações e as senhas continuam. Se ele estiver aberto, será pedido que se encerre.$\r$\n$\r$\nClique em Próximo para continuar."
!insertmacro Text WelcomeRepairTitle "Retaguarda ${VERSION} is installed" "O Retaguarda ${VERSION} já está instalado"
!insertmacro Text WelcomeRepairText \
  "It is installed in:$\r$\n$INSTDIR$\r$\n$\r$\nYou may repair or remove it. Click Next to choose." \
  "Ele está instalado em:$\r$\n$INSTDIR$\r$\n$\r$\nVocê pode reparar ou remover. Clique em Próximo para escolher."
!insertmacro Text MaintenanceTitle "Repair or remove" "Reparar ou remover"
!insertmacro Text MaintenanceSubtitle "This same version is installed." "Esta mesma versão está instalada."
!insertmacro Text RepairChoice "&Repair" "&Reparar"
!insertmacro Text RepairHelp \
  "Installs all files of the program again. Data, settings and passwords stay." \
  "Instala de novo todos os arquivos do programa. Os dados, as configurações e as senhas continuam."
!insertmacro Text RemoveChoice "R&emove" "Re&mover"
!insertmacro Text RemoveHelp \
  "Removes the program. Data stays unless you ask for it to be erased." \
  "Remove o programa. Os dados ficam, a não ser que você peça para apagar."
!insertmacro Text ScopeTitle "For whom" "Para quem"
!insertmacro Text ScopeSubtitle "Who is going to use Retaguarda on this computer?" "Quem vai usar o Retaguarda neste computador?"
!insertmacro Text ScopeUser "Only for &me" "Só para &mim"
!insertmacro Text ScopeUserHelp \
  "No administrator is needed. Data is kept in your own folders." \
  "Não é preciso ser administrador. Os dados ficam nas suas pastas."
!insertmacro Text ScopeAll "For &everybody who uses this computer" "Para &todos os que usam este computador"
!insertmacro Text ScopeAllHelp \
  "Needs an administrator. Data is kept in a folder of the computer, and the program may work as a service, without anybody signed in." \
  "É preciso ser administrador. Os dados ficam numa pasta do computador, e o programa pode trabalhar como serviço, sem ninguém com a sessão aberta."
!insertmacro Text OptionsTitle "Options" "Opções"
!insertmacro Text OptionsSubtitle "How Retaguarda works on this computer." "Como o Retaguarda trabalha neste computador."
!insertmacro Text OptionAutostart "&Start with the session, beside the clock" "&Iniciar com a sessão, ao lado do relógio"
!insertmacro Text OptionService "&Work as a Windows service" "Trabalhar como &serviço do Windows"
!insertmacro Text OptionServiceHelp \
  "Consults and serves the counters even without anybody signed in. Only for an installation for everybody." \
  "Consulta e atende os balcões mesmo sem ninguém com a sessão aberta. Só na instalação para todos."
!insertmacro Text OptionFirewall "&Let the counters in through the Windows firewall; port:" "&Liberar os balcões no firewall do Windows; porta:"
!insertmacro Text OptionFirewallHelp \
  "Only where counters on other computers ask this one. Private and domain networks only; needs an administrator." \
  "Só onde balcões de outros computadores perguntam a este. Vale em redes privadas e de domínio; é preciso ser administrador."
!insertmacro Text PortWrong "The port is a number from 1 to 65535." "A porta é um número de 1 a 65535."
!insertmacro Text ShortcutHelp "Consultation of customers at SEFAZ and ANP" "Consulta de clientes na SEFAZ e na ANP"
!insertmacro Text Unpacking "Unpacking the new files…" "Copiando os arquivos novos…"
!insertmacro Text EndingProgram "Waiting for the program to end…" "Esperando o programa se encerrar…"
!insertmacro Text Registering "Registering the program…" "Registrando o programa…"
!insertmacro Text WritingSettings "Writing the settings…" "Gravando as configurações…"
!insertmacro Text Removing "Removing the program…" "Removendo o programa…"
!insertmacro Text InUse "in use" "em uso"
!insertmacro Text StoppedWord "Stopped" "Interrompido"
!insertmacro Text CancelledWord "Cancelled." "Cancelado."
!insertmacro Text DoneWord "Done." "Pronto."
!insertmacro Text FailedWord \
  "A file could not be written; the program that was installed stays as it was." \
  "Um arquivo não pôde ser gravado; o programa que estava instalado continua como estava."
!insertmacro Text SwitchWrong \
  "The command line has a switch that this set-up does not take, or a value that it does not take:" \
  "A linha de comando tem uma opção que este instalador não aceita, ou um valor que ela não aceita:"
!insertmacro Text WindowsTooOld \
  "Retaguarda needs Windows 10, version 1809, or newer, 64 bits." \
  "O Retaguarda precisa do Windows 10, versão 1809, ou mais novo, de 64 bits."
!insertmacro Text SetupRunning \
  "Another set-up of Retaguarda is running on this computer. Wait until it ends." \
  "Outro instalador do Retaguarda está aberto neste computador. Espere que ele termine."
!insertmacro Text AdministratorNeeded \
  "This needs an administrator of this computer. Run it again as administrator, or install only for yourself." \
  "Isto precisa de um administrador deste computador. Rode de novo como administrador, ou instale só para você."
!insertmacro Text ServiceNeedsAllUsers \
  "/SERVICO=1 and /OPERADORES only go with /AllUsers: a service has no user." \
  "/SERVICO=1 e /OPERADORES só valem com /AllUsers: um serviço não tem usuário."
!insertmacro Text InstalledOtherwise \
  "Retaguarda is already installed on this computer in the other way (only for this user, or for everybody). Remove that one first: its data stays." \
  "O Retaguarda já está instalado neste computador da outra forma (só para este usuário, ou para todos). Remova antes aquela: os dados dela ficam."
!insertmacro Text NewerInstalled \
  "Version $Found, newer than ${VERSION}, is installed. To go back, remove it first; its data stays, but an older version may refuse to open it." \
  "Está instalada a versão $Found, mais nova que a ${VERSION}. Para voltar, remova-a antes; os dados ficam, mas a versão antiga pode se recusar a abri-los."
!insertmacro Text FolderIsRoot \
  "The folder to install in is given whole, as in C:\Programas\Retaguarda, and is not a whole drive." \
  "A pasta da instalação é dada inteira, como em C:\Programas\Retaguarda, e não é um disco inteiro."
!insertmacro Text FolderNotEmpty \
  "The folder $INSTDIR holds files that are not Retaguarda's. Choose an empty or a new one." \
  "A pasta $INSTDIR tem arquivos que não são do Retaguarda. Escolha uma vazia ou uma nova."
!insertmacro Text FolderNotProtected \
  "The permissions of the folder $INSTDIR cannot be set: any user of this computer could replace the program in it. Choose a folder of an NTFS disk, as the usual one in Program Files." \
  "As permissões da pasta $INSTDIR não podem ser definidas: qualquer usuário deste computador poderia trocar o programa nela. Escolha uma pasta de um disco NTFS, como a de costume, em Arquivos de Programas."
!insertmacro Text StillRunning \
  "Retaguarda is open and did not end: there may be changes that were not saved. Save them, leave by the menu of the icon beside the clock, and try again. Nothing was changed." \
  "O Retaguarda está aberto e não se encerrou: pode haver alterações não salvas. Salve, use Sair no menu do ícone ao lado do relógio e tente de novo. Nada foi mudado."
!insertmacro Text FilesInUse \
  "Files of Retaguarda are in use, perhaps in the session of another user of this computer. End it there and try again. Nothing was changed." \
  "Arquivos do Retaguarda estão em uso, talvez na sessão de outro usuário deste computador. Encerre o programa lá e tente de novo. Nada foi mudado."
!insertmacro Text SettingsRefused \
  "The program is installed, but refused the settings that the command line gives:" \
  "O programa está instalado, mas recusou as configurações dadas na linha de comando:"
!insertmacro Text WritingService "Installing the service…" "Instalando o serviço…"
!insertmacro Text ServiceRefused \
  "The program is installed, but its service is not:" \
  "O programa está instalado, mas o serviço dele não:"
!insertmacro Text FirewallRefused \
  "The program is installed, but the firewall rule could not be changed. Change it as administrator, or ask for it with the test of the port in the program." \
  "O programa está instalado, mas a regra do firewall não pôde ser mudada. Mude-a como administrador; o teste da porta, no programa, mostra o comando."
!insertmacro Text NotInstalledHere \
  "Retaguarda is not installed in this folder." \
  "O Retaguarda não está instalado nesta pasta."
!insertmacro Text DataTitle "Remove Retaguarda" "Remover o Retaguarda"
!insertmacro Text DataSubtitle "The program is removed from this computer." "O programa será removido deste computador."
!insertmacro Text DataHelp \
  "Customers, consultations and settings kept on this computer stay in this folder, for a later installation:" \
  "Os clientes, as consultas e as configurações guardados neste computador ficam nesta pasta, para uma instalação futura:"
!insertmacro Text DataErase "&Erase this data too" "&Apagar também esses dados"
!insertmacro Text DataEraseHelp \
  "It cannot be undone. Data kept on a PostgreSQL server is not touched." \
  "Não pode ser desfeito. Os dados guardados em um servidor PostgreSQL não são tocados."
!insertmacro Text DataEraseSure \
  "Erase all data that Retaguarda keeps on this computer? It cannot be undone." \
  "Apagar todos os dados que o Retaguarda guarda neste computador? Não pode ser desfeito."
!insertmacro Text DataElsewhere \
  "The data was not erased: $DataFolder only led to another folder. Erase that one yourself." \
  "Os dados não foram apagados: $DataFolder só levava a outra pasta. Apague você mesmo aquela."
!insertmacro Text UninstallButton "&Remove" "&Remover"
