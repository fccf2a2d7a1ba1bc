using System.Runtime.CompilerServices;
using Compiled.Interop;

namespace Compiled;

/// <summary>
/// A pass over the ops of a model. On a device that records graphs, the second run records it and from then on it is one native call; the
/// first one runs op by op, so that whoever runs a pass once does not pay for a recording. A pass that cannot be recorded, for lack of memory
/// perhaps, is not recorded again: it goes on op by op.
/// </summary>
internal sealed class RecordedPass(Device device, ContextHandle context, Action ops) : IDisposable
{
    private GraphHandle? _graph;
    private object? _basis;
    private object? _weights;
    private bool _hasRun;
    private bool _records = device.RecordsGraphs;

    /// <summary>The kernels that one run launches; 0 as long as nothing is recorded.</summary>
    public long Kernels
    {
        get
        {
            if (_graph is null)
                return 0;
            var info = new cn_graph_info { struct_size = (uint)Unsafe.SizeOf<cn_graph_info>() };
            CompiledException.ThrowIfFailed(Native.cn_graph_get_info(_graph.Value, ref info));
            return info.kernels;
        }
    }

    /// <summary>Runs the pass.</summary>
    /// <param name="basis">What the ops use beside the model itself: with another one the pass is recorded anew.</param>
    /// <param name="weights">What they weigh the loss by, likewise.</param>
    public void Run(object? basis, object? weights)
    {
        if (!ReferenceEquals(basis, _basis) || !ReferenceEquals(weights, _weights))
        {
            Dispose();
            _basis = basis;
            _weights = weights;
        }

        if (_graph is null && _hasRun && _records)
            TryRecord();
        if (_graph is not null)
        {
            CompiledException.ThrowIfFailed(Native.cn_graph_launch(_graph.Value));
            return;
        }

        ops();
        _hasRun = true;
    }

    /// <summary>Forgets the recording.</summary>
    public void Dispose()
    {
        _graph?.Dispose();
        _graph = null;
        _hasRun = false;
    }

    /// <summary>Nothing has run by then, and nothing is lost: where it is the device that fails, the ops themselves will say so.</summary>
    private void TryRecord()
    {
        try
        {
            _graph = Record();
        }
        catch (CompiledException)
        {
            _records = false;
        }
    }

    private GraphHandle Record()
    {
        CompiledException.ThrowIfFailed(Native.cn_graph_begin(context.Value));
        try
        {
            ops();
        }
        catch
        {
            if (Native.cn_graph_end(context.Value, out nint unfinished) == (int)cn_status_code.CN_STATUS_OK)
                new GraphHandle(unfinished).Dispose();
            throw;
        }

        CompiledException.ThrowIfFailed(Native.cn_graph_end(context.Value, out nint graph));
        return new GraphHandle(graph);
    }
}
