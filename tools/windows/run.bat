@echo off
rem Runs a scenario: drop its file onto this one, or name it. Without one: scenarios\$scenario
setlocal
title displacement
chcp 65001 >nul
set "PYTHONUTF8=1"
set "PYTHONPATH="
set "PYTHONHOME="
set "PIP_CONFIG_FILE=nul"

rem Before the folder changes: a relative name is meant from where it was typed.
set "scenario=%~f1"
if "%~1"=="" set "scenario=scenarios\$scenario"
rem Unlike cd, this also works in a shared folder that has no letter.
pushd "%~dp0"
if not exist "wheels" goto no_folder
if not exist "%scenario%" goto no_scenario

set "own=.venv\Scripts\python.exe"
if not exist ".venv\complete-$version" goto find
rem On another computer the same folder may not find its Python any more; it is then made anew.
"%own%" -c "import displacement" >nul 2>nul
if "%errorlevel%"=="0" goto run

:find
set "fits=import sys, sysconfig; sys.exit(sys.version_info[:2] != ($python_tuple) or sysconfig.get_platform() != 'win-amd64')"
set "python=py -$python"
%python% -c "%fits%" >nul 2>nul
if "%errorlevel%"=="0" goto make
set "python=python"
%python% -c "%fits%" >nul 2>nul
if "%errorlevel%"=="0" goto make
goto no_python

:make
echo First start on this computer: setting up, once. This takes a few minutes.
if exist ".venv" rmdir /s /q ".venv"
%python% -m venv ".venv"
if not "%errorlevel%"=="0" goto no_setup
"%own%" -m pip install --quiet --disable-pip-version-check --isolated --no-compile --no-index --find-links "wheels" $name
if not "%errorlevel%"=="0" goto no_setup
type nul > ".venv\complete-$version"

:run
"%own%" -m displacement.cli run "%scenario%" %2 %3 %4 %5 %6 %7 %8 %9
set "code=%errorlevel%"
echo.
if "%code%"=="0" goto done
if "%code%"=="1" goto wrong
echo The run did not come to its end. What stands above says why.
goto end

:done
echo Results are in "%~dp0runs". Open brief.html in the folder that is named above.
goto end

:wrong
echo The scenario, or a file that it names, has to be changed. What stands above says where and how.
goto end

:no_folder
set "code=3"
echo This is to be started from the folder that it came in, unpacked; wheels is not beside it: "%~dp0"
goto end

:no_scenario
set "code=1"
echo There is no such file: "%scenario%"
goto end

:no_python
set "code=3"
echo This needs Python $python for Windows, 64 bits, and did not find it.
echo Install it with its own installer, "Windows installer (64-bit)" of version $installer, and start this file again.
echo No rights of an administrator are needed: choose to install for yourself only.
goto end

:no_setup
set "code=3"
echo.
echo Setting up failed. What stands above says why. Most often one of these helps:
echo - keep $installed_mb MB free, and make sure that files can be written into this folder;
echo - move the folder to where its path is at most $room letters long; it is now in "%~dp0"
goto end

:end
echo.
pause
exit /b %code%
