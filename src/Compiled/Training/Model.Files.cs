using System.Runtime.InteropServices;

namespace Compiled;

/// <content>Weights in files.</content>
public abstract partial class Model
{
    private const string GraphKey = "compiled.graph";

    /// <summary>Writes all weights to a safetensors file, under the names of their layers. An older file is replaced as a whole.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">The file cannot be written; an older one is untouched.</exception>
    public void SaveWeights(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Enter();
        try
        {
            var writer = new SafeTensorsWriter();
            writer.AddMetadata(GraphKey, Plan.Graph);
            _hostWeights.Return();
            foreach (ParameterPlan parameter in Plan.Parameters)
            {
                byte[] bytes = new byte[parameter.Count * sizeof(float)];
                _arena.ReadParameter(parameter, MemoryMarshal.Cast<byte, float>(bytes.AsSpan()));
                writer.Add(parameter.Name, TensorType.Float32, [.. parameter.Shape], bytes);
            }

            writer.Save(path);
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Reads all weights from a safetensors file. Names, shapes and types must be exactly this model's; else nothing is changed.</summary>
    /// <param name="path">The file.</param>
    /// <remarks>Layers without weights may differ; the text of the network that the file was written from is in its metadata.</remarks>
    /// <exception cref="InvalidDataException">
    /// The file is damaged, or a tensor is missing, too many, or of another shape or type; the message names every difference.
    /// </exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public void LoadWeights(string path)
    {
        ThrowIfDisposed();
        SafeTensorsFile file = SafeTensorsFile.Open(path);
        string[] differences = [.. Differences(file)];
        if (differences.Length > 0)
            throw new InvalidDataException($"'{path}' does not hold the weights of '{Plan.Name}': {string.Join("; ", differences)}. Nothing was changed.");
        Enter();
        try
        {
            _hostWeights.Return();
            foreach (ParameterPlan parameter in Plan.Parameters)
                _arena.WriteParameter(parameter, MemoryMarshal.Cast<byte, float>(file.Data(file.Find(parameter.Name)!)));
        }
        finally
        {
            Exit();
        }
    }

    private IEnumerable<string> Differences(SafeTensorsFile file)
    {
        foreach (ParameterPlan parameter in Plan.Parameters)
        {
            SafeTensor? tensor = file.Find(parameter.Name);
            if (tensor is null)
                yield return $"'{parameter.Name}' is missing";
            else if (tensor.Type != TensorType.Float32)
                yield return $"'{parameter.Name}' is {TensorTypes.Name(tensor.Type)}, not F32";
            else if (!tensor.Shape.SequenceEqual(parameter.Shape.Select(extent => (long)extent)))
                yield return $"'{parameter.Name}' is {tensor.ShapeText}, not {Text(parameter.Shape)}";
        }

        foreach (SafeTensor tensor in file.Tensors)
        {
            if (!Plan.Parameters.Any(parameter => parameter.Name == tensor.Name))
                yield return $"'{tensor.Name}' is not a weight of the model";
        }
    }
}
