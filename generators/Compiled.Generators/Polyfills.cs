// What the compiler asks for and netstandard2.0 does not have.
namespace System.Runtime.CompilerServices;

/// <summary>Lets properties be set in initialisers only.</summary>
internal static class IsExternalInit;
