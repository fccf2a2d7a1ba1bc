using System.Runtime.InteropServices;
using Compiled.Interop;

namespace Compiled;

/// <summary>A failure of the native library or of the device; the message is the library's own.</summary>
public sealed class CompiledException : Exception
{
    /// <summary>Makes an exception with a message.</summary>
    /// <param name="message">What failed and what to do.</param>
    public CompiledException(string message)
        : base(message)
    {
        Status = CompiledStatus.Internal;
    }

    /// <summary>Makes an exception with a message and its cause.</summary>
    /// <param name="message">What failed and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public CompiledException(string message, Exception innerException)
        : base(message, innerException)
    {
        Status = CompiledStatus.Internal;
    }

    /// <summary>Makes an exception without a message.</summary>
    public CompiledException()
        : this("The native library failed.")
    {
    }

    internal CompiledException(CompiledStatus status, string message)
        : base(message)
    {
        Status = status;
    }

    /// <summary>What kind of failure this is.</summary>
    public CompiledStatus Status { get; }

    /// <summary>The message without the native function that it begins with.</summary>
    internal string Reason => Message[(Message.IndexOf(": ", StringComparison.Ordinal) is var colon and >= 0 ? colon + 2 : 0)..];

    internal static void ThrowIfFailed(int status)
    {
        if (status != (int)cn_status_code.CN_STATUS_OK)
            throw FromStatus(status);
    }

    /// <summary>The failure of the native call that this thread made last.</summary>
    internal static CompiledException FromStatus(int status) =>
        new((CompiledStatus)status, Marshal.PtrToStringUTF8(Native.cn_last_error()) ?? "The native library gave no reason.");
}

/// <summary>Kinds of native failures.</summary>
public enum CompiledStatus
{
    /// <summary>No failure.</summary>
    Ok = cn_status_code.CN_STATUS_OK,

    /// <summary>A value was refused; nothing was changed.</summary>
    InvalidArgument = cn_status_code.CN_STATUS_INVALID_ARGUMENT,

    /// <summary>Memory is short; a smaller batch may do.</summary>
    OutOfMemory = cn_status_code.CN_STATUS_OUT_OF_MEMORY,

    /// <summary>The request is valid, but not on this device or in this build.</summary>
    Unsupported = cn_status_code.CN_STATUS_UNSUPPORTED,

    /// <summary>The device is lost to this process.</summary>
    DeviceFailed = cn_status_code.CN_STATUS_DEVICE_FAILED,

    /// <summary>A fault of the library.</summary>
    Internal = cn_status_code.CN_STATUS_INTERNAL,
}
