using System.Collections.Generic;

namespace Compiled.Generators;

/// <summary>
/// When each value, gradient and code of a pass is needed. Time is counted in stages: forward 0 … n-1, the loss n, backward n+1 … in its
/// own order.
/// </summary>
internal sealed class PassLives
{
    public const int BeforeAll = -1;

    private readonly StageGraph _stages;
    private readonly Graph _graph;
    private readonly Views _views;
    private readonly Dictionary<int, Life> _values = [];
    private readonly Dictionary<int, Life> _gradients = [];
    private readonly Dictionary<int, Life> _codes = [];
    private readonly Dictionary<int, Life> _moments = [];

    /// <summary>Walks through a pass, noting each use.</summary>
    /// <param name="stages">The stages.</param>
    /// <param name="input">The buffer of the input, which is that of all passes.</param>
    /// <param name="notes">Whether the forward pass writes down what a backward pass reads.</param>
    public PassLives(StageGraph stages, Life input, bool notes)
    {
        _stages = stages;
        _graph = stages.Graph;
        _views = new Views(_graph);
        _values[_graph.Input] = input;
        Use(_values, _graph.Input, BeforeAll);
        foreach (Stage stage in stages.Stages)
        {
            int now = stage.Number - 1;
            foreach (int read in stage.Inputs)
                Use(_values, read, now);
            Use(_values, stage.Output, now);
            if (notes && _graph.Nodes[stage.Anchor].Operation.AlwaysNotes(stage.Epilogue))
                UseCodes(stage, now);
            UseMoments(stage, now);
        }

        Use(_values, stages.Logits, LossTime);
        if (stages.Training.Wanted[stages.Logits])
            Use(_gradients, stages.Logits, LossTime);
        for (int i = 0; i < stages.Backward.Count; i++)
            FollowBackward(stages.Stages[stages.Backward[i] - 1], LossTime + 1 + i);
    }

    public int LossTime => _stages.Stages.Count;

    /// <summary>All buffers, the input's among them.</summary>
    public IEnumerable<Life> All => [.. _values.Values, .. _gradients.Values, .. _codes.Values, .. _moments.Values];

    /// <summary>Whether a value is another one under another shape.</summary>
    public bool IsView(int value) => _views.Root(value) != value;

    public long Value(int value) => Offset(_values, value);

    public long Gradient(int value) => Offset(_gradients, value);

    public long Codes(Stage stage) => _codes.TryGetValue(stage.Number, out Life codes) ? codes.Offset : -1;

    /// <summary>Where the moments are that a stage gives to the normalization behind it, or takes from what is before it.</summary>
    public long Moments(Stage stage) => MomentsOf(stage)?.Offset ?? -1;

    /// <summary>What the backward pass keeps alive of a value, per sample.</summary>
    public long SavedValue(int value) => Saved(_values, value);

    /// <summary>The same of codes.</summary>
    public long SavedCodes(Stage stage) => Saved(_codes, stage.Number);

    /// <summary>Uses a buffer that is none of the stages'.</summary>
    public void Use(Life life, int now) => life.Use(this, now);

    private void FollowBackward(Stage stage, int now)
    {
        Operation operation = _graph.Nodes[stage.Anchor].Operation;
        SavedValues saved = _stages.Training.Trained[stage.Anchor] ? operation.Saved(stage.Epilogue) : operation.SavedFrozen(stage.Epilogue);
        if (saved.HasFlag(SavedValues.Input))
        {
            foreach (int read in stage.Framing.Inputs)
                Use(_values, read, now);
        }

        if (saved.HasFlag(SavedValues.Output))
            Use(_values, stage.Output, now);
        if (saved.HasFlag(SavedValues.Codes))
        {
            UseCodes(stage, stage.Number - 1);
            UseCodes(stage, now);
        }

        Use(_gradients, stage.Output, now);
        for (int i = 0; i < stage.Inputs.Count; i++)
        {
            if (stage.InputModes[i] != GradientMode.None)
                Use(_gradients, stage.Inputs[i], now);
        }
    }

    private void UseCodes(Stage stage, int now)
    {
        if (!_codes.TryGetValue(stage.Number, out Life life))
        {
            Operation operation = _graph.Nodes[stage.Anchor].Operation;
            _codes[stage.Number] = life = new Life(operation.CodeBytes(stage.Epilogue, _graph.Values[stage.Framing.Source].Shape, _stages.Stored[stage.Output]));
        }

        life.Use(this, now);
    }

    /// <remarks>Once for all samples: as if a sample had them.</remarks>
    private void UseMoments(Stage stage, int now)
    {
        if (stage.Epilogue.GivesMoments)
            _moments[_views.Root(stage.Output)] = new Life(2 * sizeof(double) * _graph.Values[stage.Output].Shape.Last);
        MomentsOf(stage)?.Use(this, now);
    }

    private Life? MomentsOf(Stage stage) =>
        stage.Epilogue.GivesMoments ? _moments[_views.Root(stage.Output)]
        : _graph.Nodes[stage.Anchor].Operation.TakesMoments && _moments.TryGetValue(_views.Root(stage.Input), out Life moments) ? moments
        : null;

    private void Use(Dictionary<int, Life> lives, int value, int now)
    {
        int root = _views.Root(value);
        if (!lives.TryGetValue(root, out Life life))
            lives[root] = life = new Life(_stages.Stored[root].Elements * sizeof(float));
        life.Use(this, now);
    }

    private long Offset(Dictionary<int, Life> lives, int value) => lives.TryGetValue(_views.Root(value), out Life life) ? life.Offset : -1;

    private long Saved(Dictionary<int, Life> lives, int key) =>
        lives.TryGetValue(key, out Life life) && life.Outlives(this, LossTime) ? MemoryPlanner.Align(life.Bytes) : 0;
}
