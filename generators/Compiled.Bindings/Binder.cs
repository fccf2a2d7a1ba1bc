using CppSharp;
using CppSharp.Parser;

namespace Compiled.Bindings;

/// <summary>Has CppSharp parse the header and our generator write the text.</summary>
internal static class Binder
{
    /// <summary>The text of Native.g.cs for a header.</summary>
    /// <exception cref="BindingsException">The header is not valid C, or has nothing to bind.</exception>
    public static string Bind(string header)
    {
        using var driver = new Driver(new DriverOptions
        {
            GeneratorKind = BindingsGenerator.Kind,
            OutputNewLineType = NewLineType.LF,
            Quiet = true,
        });
        var module = driver.Options.AddModule("compiled");
        module.IncludeDirs.Add(Path.GetDirectoryName(header)!);
        module.Headers.Add(Path.GetFileName(header));
        SetUp(driver.ParserOptions);

        driver.Setup();
        if (!driver.ParseCode())
            throw new BindingsException($"{header} could not be parsed: see the messages above.");
        // An empty header gives no file, and so does one that clang takes for the system's: without a word.
        return driver.GenerateCode() is [{ Outputs: [var file] }]
            ? file.Generate()
            : throw new BindingsException($"{header} declares nothing.");
    }

    private static void SetUp(ParserOptions options)
    {
        options.LanguageVersion = LanguageVersion.C99_GNU;
        // Only clang's own <stdint.h>: the result must not depend on what this machine has installed.
        options.NoStandardIncludes = true;
        options.NoBuiltinIncludes = true;
        options.AddArguments("-ffreestanding");
        options.AddSystemIncludeDirs(options.BuiltinsDir);
        // The comments of a C header are plain ones.
        options.AddArguments("-fparse-all-comments");
    }
}
