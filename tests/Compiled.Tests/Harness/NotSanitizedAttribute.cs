using Xunit.v3;

namespace Compiled.Tests;

/// <summary>
/// Marks what is left out when the tests run under the sanitizers: by the trait Sanitized=no, which <c>build.sh test</c> filters.
/// </summary>
/// <param name="because">Why nothing is lost by that.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class NotSanitizedAttribute(string because) : Attribute, ITraitAttribute
{
    public const string SingleOps = "The native tests run these ops under the sanitizers.";
    public const string Large = "Smaller networks have the same stages; this one takes minutes under the sanitizers.";

    public string Because { get; } = because;

    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [new("Sanitized", "no")];
}
