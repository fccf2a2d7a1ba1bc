using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Compiled.PeerBenchmarks;

/// <summary>
/// A network of the examples as one writes it in TorchSharp, in the memory format in which libtorch's CPU kernels are fastest, channels
/// last.
/// </summary>
internal sealed class TorchNet : Module<Tensor, Tensor>
{
    private readonly Module<Tensor, Tensor> _features;
    private readonly Module<Tensor, Tensor> _classifier;

    public TorchNet(Module<Tensor, Tensor> features, Module<Tensor, Tensor> classifier)
        : base(nameof(TorchNet))
    {
        (_features, _classifier) = (features, classifier);
        RegisterComponents();
        using (no_grad())
        {
            foreach (Parameter parameter in parameters().Where(parameter => parameter.dim() == 4))
            {
                using Tensor nhwc = ToChannelsLast(parameter);
                parameter.set_(nhwc);
            }
        }
    }

    /// <summary>Logits. The flattened order is Keras' (rows, columns, channels), which costs no copy in this memory format.</summary>
    public override Tensor forward(Tensor input)
    {
        Tensor features = _features.forward(input);
        return _classifier.forward(features.permute(0, 2, 3, 1).flatten(1));
    }

    /// <summary>The same tensor with its channels innermost in memory; TorchSharp has no memory_format argument for that.</summary>
    public static Tensor ToChannelsLast(Tensor nchw) => nchw.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _features.Dispose();
            _classifier.Dispose();
        }

        base.Dispose(disposing);
    }
}
