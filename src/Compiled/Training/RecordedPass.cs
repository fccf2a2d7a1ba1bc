using Compiled.Interop;

namespace Compiled;

/// <summary>
/// A pass over the ops of a model. On a device that records graphs, the second run records it and from then on it is one native call; the
/// first one runs op by op, so that whoever runs a pass once does not pay for a recording.
/// </summary>
internal sealed class RecordedPass(Device device, ContextHandle context, Action ops) : IDisposable
{
    private GraphHandle? _graph;
    private bool _hasRun;

    public void Run()
    {
        if (_graph is not null)
        {
            CompiledException.ThrowIfFailed(Native.cn_graph_launch(_graph.Value));
        }
        else if (_hasRun && device.RecordsGraphs)
        {
            _graph = Record();
            CompiledException.ThrowIfFailed(Native.cn_graph_launch(_graph.Value));
        }
        else
        {
            ops();
            _hasRun = true;
        }
    }

    /// <summary>Forgets the recording: what it has recorded has changed.</summary>
    public void Forget()
    {
        _graph?.Dispose();
        _graph = null;
        _hasRun = false;
    }

    public void Dispose() => Forget();

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
