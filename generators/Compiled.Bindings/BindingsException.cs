namespace Compiled.Bindings;

/// <summary>The bindings cannot be written; the message says why, for whoever has changed the header.</summary>
internal sealed class BindingsException(string message) : Exception(message);
