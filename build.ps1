<#
.SYNOPSIS
Builds, trains, tests and measures Compiled on Windows; build.sh is its twin for Linux and macOS. Start with .\build.ps1 --help.
#>
# No param block: options go on to the example and to BenchmarkDotNet as they are.
Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'

$Root = $PSScriptRoot
$Artifacts = Join-Path $Root 'artifacts'
$env:DOTNET_CLI_TELEMETRY_OPTOUT = '1'
$env:DOTNET_NOLOGO = '1'
$env:TESTINGPLATFORM_TELEMETRY_OPTOUT = '1'

# ---------------------------------------------------------------------------------------------------------------------
# Help
# ---------------------------------------------------------------------------------------------------------------------

$Usage = @{
    ''    = @'
Usage: .\build.ps1 VERB [options]

  build    build the native library, the managed library, the generator, the examples and the tests
  train    build, then train the CIFAR-10 example
  test     build, then run every test; the last line says "N passed, N failed"
  bench    build, then measure: fused against unfused, or against TorchSharp
  check    verify the formatting of the C# and C++ sources
  clean    delete everything that was built

.\build.ps1 VERB --help tells more. Missing tools are named with the command that installs them. Everything that is built goes into
artifacts\.
'@
    build = @'
Usage: .\build.ps1 build [--cuda auto|on|off]

Builds the native library into artifacts\native\lib, then Compiled.sln (Release) into artifacts\bin. Does next to nothing when all is
up to date. COMPILED_NATIVE_DIR names another native library to programs when they run.

  --cuda auto|on|off    build the library for NVIDIA GPUs beside it: where the CUDA toolkit 11.8 or later is found; in any case, or
                        fail; or not. The choice holds for later builds, too; without one it is auto. The last line says what was
                        built. No GPU is needed to build.
'@
    train = @'
Usage: .\build.ps1 train [options of the example]

Builds and runs src\Examples\Cifar10. Where the CUDA toolkit is found this builds the CUDA library, too, unless .\build.ps1 build --cuda off
has said otherwise. The most used options:

  --epochs N            passes over the training images                              (3)
  --batch-size N        images per step                                              (32)
  --learning-rate X     of Adam                                                      (0.001)
  --schedule NAME       cosine: the learning rate falls to 0 over the run; constant  (cosine)
  --data DIR            the CIFAR-10 binary files; else the cache, a download, or the built-in drawn shapes
  --device WHERE        auto, cpu, cuda or cuda:N; auto is a GPU if one can be used  (auto)
  --threads N           CPU threads, 0 for all processors                            (0)
  --seed N              of weights, dropout and the order of the images              (0)
  --limit N             train on the first N images only
  --unfused             the same network without fusion
  --plain               plain lines, also in a terminal
  --output DIR          where weights and history go                                 (runs\DATE-TIME)
'@
    test  = @'
Usage: .\build.ps1 test [--filter NAME]

Builds Compiled.sln and a native library with its tests, and runs, one after the other:

  the native tests, with the 16-lane kernels built for any processor
  the managed tests, on the native library of the first part

  --filter NAME    only tests whose full name contains NAME

Neither the CUDA toolkit nor a GPU is needed. What "build" makes is left as it is.

The last line is "N passed, N failed"; the exit status is 1 when a test failed or none ran. The run under sanitizers is build.sh's alone.
'@
    bench = @'
Usage: .\build.ps1 bench [options of BenchmarkDotNet]
       .\build.ps1 bench networks [parts of names]
       .\build.ps1 bench peers [--network NAME] [--batch-size 32] [--threads 2] [--seconds 20]

By itself: the fused CIFAR-10 network against its unfused twin, per step and per stage, and the generator; for example
  .\build.ps1 bench --filter '*Step*'
With "networks": training steps of all example networks, or of those whose names have one of the parts, fused and unfused: time,
memory, native calls and, on a GPU, kernels, as a table.
With "peers": one network (plain, normalized or resnet18) in TorchSharp, fused and unfused, interleaved in one run. The first time this downloads libtorch.
Results are printed; but for the table they are written to artifacts\bench, too.
'@
    check = @'
Usage: .\build.ps1 check

Verifies formatting and code style: dotnet format for C#, clang-format for C and C++.
'@
    clean = @'
Usage: .\build.ps1 clean

Deletes artifacts\. Downloaded data sets and trained weights (runs\) stay.
'@
}

# ---------------------------------------------------------------------------------------------------------------------
# Tools
# ---------------------------------------------------------------------------------------------------------------------

function Stop-Build([string] $Message) {
    [Console]::Error.WriteLine("build.ps1: $Message")
    exit 1
}

function Test-Tool([string] $Name) {
    return $null -ne (Get-Command $Name -CommandType Application -ErrorAction SilentlyContinue)
}

function Assert-Dotnet {
    $found = $false
    if (Test-Tool 'dotnet') {
        Push-Location $Root
        # Fails where no SDK is installed that global.json accepts.
        $ErrorActionPreference = 'Continue'
        & dotnet --version > $null 2> $null
        $found = $LASTEXITCODE -eq 0
        Pop-Location
    }
    if (-not $found) {
        Stop-Build 'the .NET SDK 10 is missing. Install it with: winget install Microsoft.DotNet.SDK.10'
    }
}

# How CMake is to be called: Visual Studio's own clang-cl, or the clang-cl and Ninja on the path (of a developer prompt).
function Get-CMakeGenerator {
    $vswhere = Join-Path ${env:ProgramFiles(x86)} 'Microsoft Visual Studio\Installer\vswhere.exe'
    if (Test-Path $vswhere) {
        $component = 'Microsoft.VisualStudio.Component.VC.Llvm.ClangToolset'
        $version = & $vswhere -latest -products '*' -requires $component -property installationVersion
        $year = @{ '16' = '2019'; '17' = '2022'; '18' = '2026' }
        if ($version) {
            $major = "$version".Split('.')[0]
            if ($year.ContainsKey($major)) {
                return @('-G', "Visual Studio $major $($year[$major])", '-A', 'x64', '-T', 'ClangCL')
            }
        }
    }
    if ((Test-Tool 'clang-cl') -and (Test-Tool 'ninja') -and $env:VCINSTALLDIR) {
        return @('-G', 'Ninja', '-DCMAKE_CXX_COMPILER=clang-cl', '-DCMAKE_BUILD_TYPE=Release')
    }
    Stop-Build @'
clang-cl is missing. Either add "C++ Clang tools for Windows" to Visual Studio (Visual Studio Installer, Individual components), or
    winget install LLVM.LLVM Ninja-build.Ninja
and run this script in a "Developer PowerShell for VS", which knows where the Windows SDK is.
'@
}

function Assert-NativeTools {
    if (-not (Test-Tool 'cmake')) {
        Stop-Build 'CMake 3.20 or later is missing. Install it with: winget install Kitware.CMake'
    }
    $version = [regex]::Match("$(& cmake --version)", '(\d+)\.(\d+)')
    if ([version] $version.Value -lt [version] '3.20') {
        Stop-Build "CMake $($version.Value) is too old, 3.20 is needed. Install a newer one with: winget install Kitware.CMake"
    }
}

# ---------------------------------------------------------------------------------------------------------------------
# Building
# ---------------------------------------------------------------------------------------------------------------------

# One line when every command succeeds, the output of the one that fails.
function Invoke-Step([string] $Label, [object[]] $Commands) {
    Write-Host ('{0,-34}' -f $Label) -NoNewline
    $watch = [Diagnostics.Stopwatch]::StartNew()
    $ErrorActionPreference = 'Continue' # Windows PowerShell takes a line on the error stream for an error.
    foreach ($command in $Commands) {
        $tool, $arguments = $command
        $output = & $tool @arguments 2>&1
        if ($LASTEXITCODE -ne 0) {
            Write-Host 'failed'
            $output | ForEach-Object { [Console]::Error.WriteLine("$_") }
            Stop-Build "${Label}: failed, see above"
        }
    }
    Write-Host ('{0,4:N0} s' -f $watch.Elapsed.TotalSeconds)
}

# The commands that configure a build folder, and those that build and install all of it.
function Get-ConfigureCommand([string] $Prefix, [string[]] $Options) {
    $build = Join-Path $Prefix 'build'
    $configure = @('cmake', '-S', $Root, '-B', $build)
    # A build folder keeps the generator it was made with.
    if (-not (Test-Path (Join-Path $build 'CMakeCache.txt'))) {
        $configure += Get-CMakeGenerator
    }
    return $configure + $Options
}

function Get-FinishCommands([string] $Prefix) {
    $build = Join-Path $Prefix 'build'
    return @(
        , @('cmake', '--build', $build, '--config', 'Release', '--parallel')
        , @('cmake', '--install', $build, '--config', 'Release', '--prefix', $Prefix)
    )
}

function Build-Native([string] $Label, [string] $Prefix, [string[]] $Options) {
    Invoke-Step $Label (@(, (Get-ConfigureCommand $Prefix $Options)) + (Get-FinishCommands $Prefix))
}

# The CUDA library in a step of its own, because it takes its time.
function Build-Libraries([string[]] $Options) {
    $prefix = Join-Path $Artifacts 'native'
    $build = Join-Path $prefix 'build'
    Invoke-Step 'native library' @(
        , (Get-ConfigureCommand $prefix $Options)
        , @('cmake', '--build', $build, '--config', 'Release', '--parallel', '--target', 'compiled')
    )
    $hasCuda = "$(Get-Content (Join-Path $build 'cuda.txt'))" -like 'CUDA backend*'
    Invoke-Step $(if ($hasCuda) { 'CUDA library, minutes at first' } else { 'installation' }) (Get-FinishCommands $prefix)
}

function Build-Managed([string] $Project) {
    Push-Location $Root
    Invoke-Step ([IO.Path]::GetFileNameWithoutExtension($Project)) @(
        , @('dotnet', 'build', $Project, '--configuration', 'Release', '--nologo', '-v', 'quiet', '-tl:off')
    )
    Pop-Location
}

function Build-ForUse([string] $Project, [string[]] $NativeOptions = @()) {
    Assert-NativeTools
    Assert-Dotnet
    Build-Libraries $NativeOptions
    Build-Managed $Project
}

function Get-Program([string] $Name) {
    return [IO.Path]::Combine($Artifacts, 'bin', $Name, 'release', "$Name.dll")
}

# ---------------------------------------------------------------------------------------------------------------------
# Testing
# ---------------------------------------------------------------------------------------------------------------------

$Total = @{ Passed = 0; Failed = 0; Skipped = 0; Summary = @() }

function Add-Count([string] $Part, [int] $Passed, [int] $Failed, [int] $Skipped) {
    $Total.Passed += $Passed
    $Total.Failed += $Failed
    $Total.Skipped += $Skipped
    $Total.Summary += '  {0,-34} {1,6} passed {2,6} failed {3,6} skipped' -f $Part, $Passed, $Failed, $Skipped
}

# The number behind a label in a test report; 0 where it is missing.
function Get-Field([string[]] $Output, [string] $Pattern) {
    $found = $Output | Select-String -Pattern $Pattern | Select-Object -Last 1
    if ($found) { return [int] $found.Matches[0].Groups[1].Value }
    return 0
}

function Invoke-NativeTests([string] $Part, [string] $Prefix, [string] $Filter) {
    $options = @()
    if ($Filter) { $options = @('-R', [regex]::Escape($Filter)) }
    Write-Host "`n$Part"
    $ErrorActionPreference = 'Continue'
    $output = @(& ctest --test-dir (Join-Path $Prefix 'build') -C Release --output-on-failure --no-tests=ignore @options 2>&1 | ForEach-Object { "$_" })
    $status = $LASTEXITCODE
    $bad = Get-Field $output '^\d+% tests passed, (\d+) tests? failed out of \d+'
    $all = Get-Field $output '^\d+% tests passed, \d+ tests? failed out of (\d+)'
    $ignored = @($output | Select-String -SimpleMatch '***Skipped').Count
    if ($status -ne 0) {
        $output | Write-Host
        if ($bad -eq 0) { $bad = 1; $all += 1 }
    }
    Add-Count $Part ($all - $bad - $ignored) $bad $ignored
}

function Invoke-ManagedTests([string] $Name, [string] $Filter) {
    $options = @('--no-ansi', '--progress', 'off', '--show-test-results', 'failed', '--ignore-exit-code', '8',
        '--results-directory', (Join-Path $Artifacts 'tests'))
    if ($Filter) { $options += @('--filter-display-name', "*$Filter*") }
    Write-Host "`n$Name"
    $env:COMPILED_NATIVE_DIR = [IO.Path]::Combine($Artifacts, 'native', 'test', 'lib')
    $ErrorActionPreference = 'Continue'
    $output = @(& dotnet (Get-Program $Name) @options 2>&1 | ForEach-Object { Write-Host "$_"; "$_" })
    $status = $LASTEXITCODE
    Remove-Item Env:COMPILED_NATIVE_DIR
    $bad = Get-Field $output '^\s*failed: (\d+)'
    if ($status -ne 0 -and $bad -eq 0) {
        Write-Host "$Name ended with exit status $status before it could report."
        $bad = 1
    }
    Add-Count $Name (Get-Field $output '^\s*succeeded: (\d+)') $bad (Get-Field $output '^\s*skipped: (\d+)')
}

# ---------------------------------------------------------------------------------------------------------------------
# Verbs
# ---------------------------------------------------------------------------------------------------------------------

function Assert-NoOptions([string] $Verb, [string[]] $Options) {
    if ($Options.Count -gt 0) { Stop-Build "unknown option '$($Options[0])'; see .\build.ps1 $Verb --help" }
}

# What --cuda says, as an option of CMake.
function Get-CudaOption([string] $Choice) {
    if ($Choice -notin 'auto', 'on', 'off') { Stop-Build "--cuda is '$Choice'; it must be auto, on or off (see .\build.ps1 build --help)" }
    return @("-DCOMPILED_CUDA=$($Choice.ToUpperInvariant())")
}

function Invoke-Build([string[]] $Options) {
    $cuda = @()
    for ($i = 0; $i -lt $Options.Count; $i++) {
        if ($Options[$i] -eq '--cuda') { $cuda = Get-CudaOption ($Options | Select-Object -Index (++$i)) }
        elseif ($Options[$i] -like '--cuda=*') { $cuda = Get-CudaOption $Options[$i].Substring('--cuda='.Length) }
        else { Stop-Build "unknown option '$($Options[$i])'; see .\build.ps1 build --help" }
    }
    Build-ForUse 'Compiled.sln' $cuda
    $built = (Get-Content ([IO.Path]::Combine($Artifacts, 'native', 'build', 'cuda.txt'))) -join ' '
    Write-Host "`nNative library in artifacts\native\lib ($built), programs in artifacts\bin"
}

function Invoke-Train([string[]] $Options) {
    Build-ForUse 'src/Examples/Cifar10/Cifar10.csproj'
    & dotnet (Get-Program 'Cifar10') @Options
    exit $LASTEXITCODE
}

function Invoke-Test([string[]] $Options) {
    $filter = ''
    for ($i = 0; $i -lt $Options.Count; $i++) {
        if ($Options[$i] -eq '--filter' -and $i + 1 -lt $Options.Count) { $filter = $Options[++$i] }
        elseif ($Options[$i] -eq '--filter') { Stop-Build '--filter needs a NAME; see .\build.ps1 test --help' }
        elseif ($Options[$i] -like '--filter=*') { $filter = $Options[$i].Substring('--filter='.Length) }
        else { Stop-Build "unknown option '$($Options[$i])'; see .\build.ps1 test --help" }
    }

    $prefix = [IO.Path]::Combine($Artifacts, 'native', 'test')
    Assert-NativeTools
    Assert-Dotnet
    Build-Managed 'Compiled.sln'
    Build-Native 'native tests' $prefix @('-DCOMPILED_CUDA=OFF', '-DCOMPILED_TESTS=ON', '-DCOMPILED_WIDE=ON')
    Invoke-NativeTests 'Native tests' $prefix $filter
    foreach ($project in Get-ChildItem ([IO.Path]::Combine($Root, 'tests', '*.Tests', '*.csproj'))) {
        Invoke-ManagedTests $project.BaseName $filter
    }

    Write-Host ''
    $Total.Summary | Write-Host
    if ($Total.Passed + $Total.Failed -eq 0) { Write-Host "`nNo test ran." }
    Write-Host "`n$($Total.Passed) passed, $($Total.Failed) failed"
    if ($Total.Failed -gt 0 -or $Total.Passed -eq 0) { exit 1 }
}

function Invoke-Bench([string[]] $Options) {
    $output = Join-Path $Artifacts 'bench'
    New-Item -ItemType Directory -Force $output | Out-Null
    if ($Options.Count -gt 0 -and $Options[0] -eq 'peers') {
        $rest = @($Options | Select-Object -Skip 1)
        Build-ForUse 'bench/Compiled.PeerBenchmarks/Compiled.PeerBenchmarks.csproj'
        & dotnet (Get-Program 'Compiled.PeerBenchmarks') --output $output @rest
    }
    else {
        Build-ForUse 'bench/Compiled.Benchmarks/Compiled.Benchmarks.csproj'
        $folder = if ($Options.Count -gt 0 -and $Options[0] -eq 'networks') { @() } else { @('--artifacts', $output) }
        & dotnet (Get-Program 'Compiled.Benchmarks') @folder @Options
    }
    exit $LASTEXITCODE
}

function Invoke-Check([string[]] $Options) {
    Assert-NoOptions 'check' $Options
    Assert-Dotnet
    if (-not (Test-Tool 'clang-format')) { Stop-Build 'clang-format is missing. Install it with: winget install LLVM.LLVM' }
    $folders = @((Join-Path $Root 'native'), [IO.Path]::Combine($Root, 'bench', 'gpu'))
    $sources = @(Get-ChildItem $folders -Recurse -Include '*.h', '*.cpp', '*.cu' | ForEach-Object { $_.FullName })
    $solution = Join-Path $Root 'Compiled.sln'
    Invoke-Step 'C++ format' @(, (@('clang-format', '--dry-run', '-Werror') + $sources))
    Invoke-Step 'C# restore' @(, @('dotnet', 'restore', $solution))
    # The models that the tests declare have no other half until the generator is there.
    $generator = Join-Path $Root 'generators\Compiled.Generators\Compiled.Generators.csproj'
    Invoke-Step 'generator' @(, @('dotnet', 'build', $generator, '--configuration', 'Release', '--nologo', '-v', 'quiet', '-tl:off'))
    $env:Configuration = 'Release'
    try { Invoke-Step 'C# format' @(, @('dotnet', 'format', $solution, '--verify-no-changes', '--no-restore')) }
    finally { Remove-Item Env:Configuration }
}

function Invoke-Clean([string[]] $Options) {
    Assert-NoOptions 'clean' $Options
    if (Test-Path $Artifacts) { Remove-Item $Artifacts -Recurse -Force }
}

$Verb = ''
if ($args.Count -gt 0) { $Verb = "$($args[0])" }
$Rest = @($args | Select-Object -Skip 1 | ForEach-Object { "$_" })
if ($Verb -in '-h', '--help', 'help') {
    Write-Host $Usage['']
    exit 0
}
if ($Verb -eq '') {
    [Console]::Error.WriteLine($Usage[''])
    exit 1
}
if (-not $Usage.ContainsKey($Verb)) {
    Stop-Build "unknown verb '$Verb'; the verbs are build, train, test, bench, check and clean (see .\build.ps1 --help)"
}
if ($Rest.Count -gt 0 -and $Rest[0] -in '-h', '--help') {
    Write-Host $Usage[$Verb]
    exit 0
}
& "Invoke-$Verb" $Rest
