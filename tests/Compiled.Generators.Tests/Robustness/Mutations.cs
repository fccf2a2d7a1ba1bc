using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Compiled.Generators.Tests;

/// <summary>Breaks declarations as typing does: seeded, so that a failure repeats itself.</summary>
internal static class Mutations
{
    private static readonly string[] Words =
    [
        "[", "]", "(", ")", ",", "{", "}", "<", ">", ";", "=", ":", ".", "\"", "'", "@", "$\"{", "/*", "//", "#if", "\n#endif\n", "partial",
        "class", "record", "struct", "file", "static", "abstract", "namespace", "using", "null", "default", "new int[] { 1, 2 }",
        "typeof(int)", "nameof(Net)", "-", "~", "0", "-1", "2147483647", "-2147483648", "9223372036854775807", "1e308", "double.NaN",
        "0.99999999", "1f", "'c'", "true", "\"\"", "\"dense_1\"", "(Padding)7", "(Activation)(-1)", "Model", "Input", "Input(2, 2)",
        "Conv2D", "Conv2D(1, 1)", "Dense(1)", "Dense", "Flatten", "Softmax", "MeanSquaredError", "Dropout", "MaxPooling2D",
        "LayerAttribute", "Activation", "Name = \"left\"", "From = \"x\"", "Strides = 3", "params", "global::", "é", "\u203F", "\0",
        "\uD800",
    ];

    // Most of them are C#, so that what is wrong with them is for the analyzer to say.
    private static readonly string[] Attributes =
    [
        "Model", "Model(Fusion = Fusion.Full)", "Model(Fusion = (Fusion)9)", "Model(Precision = Precision.TF32)",
        "Model(Precision = (Precision)9)", "Block", "Block<Inner>(Repeat = 3)", "Residual<Down>", "Residual<Bottleneck>(Repeat = 1000)",
        "Block<Level>(Repeat = 1000)", "Residual<string>", "Block<int>", "Block<Net>", "Add", "Add(\"x\")", "Concatenate(\"enc1\", Axis = 2)",
        "Concatenate(\"input\", \"input\")", "BatchNormalization(Momentum = -1)", "LayerNormalization(Epsilon = 1e-300)",
        "ReLU(MaxValue = double.PositiveInfinity, Threshold = 3.4e38)", "LeakyReLU(NegativeSlope = double.NaN)", "ELU(1e308)",
        "Threshold(1e39, 0)", "Threshold(-3, double.NaN)", "GLU", "LogSoftmax", "Sparsemax", "Activation(Activation.GLU)",
        "GaussianNoise(1e39)", "ActivityRegularization(L1 = 1e-300, L2 = 3e38)", "ActivityRegularization(L2 = double.NaN)",
        "Dense(3, Trainable = false, KernelL2 = 1e38)",
        "LayerNormalization(GammaConstraint = Constraint.MinMaxNorm, GammaConstraintMinimum = 2)",
        "SpatialDropout2D(0.5)", "Cropping2D(2147483647)", "ZeroPadding2D(2147483647, 2147483647)", "ZeroPadding2D(0)",
        "UpSampling2D(2147483647)", "Reshape(-1, 2147483647)", "Reshape()", "Reshape(-1)", "GlobalAveragePooling2D(KeepDims = true)",
        "AveragePooling2D(3, Padding = Padding.Same)", "DepthwiseConv2D(3, DepthMultiplier = 2147483647)",
        "SeparableConv2D(Filters.Half, 2147483647, Padding = Padding.Same)", "Conv2D(6, 1, Groups = 3)", "Conv2D((Filters)0, 1)",
        "Huber(1e-50)", "CategoricalFocalCrossentropy(Gamma = 1e38)", "BinaryCrossentropy(LabelSmoothing = 2, FromLogits = true)", "KLDivergence",
        "Dice(PerSample = true)", "Tversky(-1)", "Tversky(alpha: 1e39, beta: double.NaN)", "IoU", "IoU(-1, 2147483647)", "BinaryIoU(2)", "MeanIoU", "AUC(NumThresholds = 1)",
        "TopKCategoricalAccuracy(0)", "F1Score(Average = (ScoreAverage)7)", "Precision(Weighted = true)", "SparseCategoricalAccuracy", "R2Score",
        "SparseCategoricalCrossentropy(IgnoreClass = -1)", "SparseCategoricalCrossentropy(IgnoreClass = 2147483647, FromLogits = true)",
        "Conv2DTranspose(4, 3, Strides = 2147483647)", "Conv2DTranspose(2, 2, OutputPadding = 5)", "Dense(2, KernelInitializer = (Initializer)99)",
        "Input(4)", "Input(6, 6, 1)", "Input", "Input(0)",
        "Input(2147483647, 2147483647)", "Conv2D(3, 2)", "Conv2D(3, 9)", "Conv2D(3, 2, 1, Padding = Padding.Same)",
        "Conv2D(2147483647, 2147483647)", "Conv2D(2, 2147483647, Padding = Padding.Same)",
        "Conv2D(1, 2, DilationRate = 2147483647, Padding = Padding.Same)", "MaxPooling2D", "MaxPooling2D(16)",
        "MaxPooling2D(3, 1, Strides = 2147483647)", "Dropout(0)", "Dropout(0.999999999)", "Dropout(1e-300)", "Flatten",
        "Flatten(From = \"left\")", "Dense(1)", "Dense(2147483647)", "Dense(-1)", "Dense(3, Name = \"left\")", "Dense(3, Name = \"Value\")",
        "ReLU", "Sigmoid(Name = null)", "Activation((Activation)3)", "Activation((Activation)(-1))", "Linear", "Softmax",
        "MeanSquaredError", "CategoricalCrossentropy", "SparseCategoricalCrossentropy(From = \"x\")", "System.Serializable",
    ];

    private static readonly string[] Members =
    [
        "private int s_plan;", "public void ForwardCore() { }", "public int Dense1;", "public Device? Value => null;", "static int Check() => 1;",
        "public override string ToString() => \"\";", "void Fit() { }", "class Weights;", "", "int _stage1;", "public int Number { get; init; }",
    ];

    // What may stand in the parentheses of an attribute, where the layer has such a property.
    private static readonly string[] Properties =
    [
        "Name = \"left\"", "Name = \"a b\"", "Name = \"\"", "Name = \"_\"", "Name = \"ForwardCore\"", "Name = \"shortcut\"", "Name = \"levels_1\"",
        "Name = \"class\"", "Name = null", "From = \"left\"", "From = \"images\"", "From = \"input_1\"", "From = \"dense_1\"", "From = \"\"",
        "Strides = 2", "Strides = -1", "Padding = (Padding)2", "DilationRate = 3", "DilationRateHeight = 2", "DilationRateWidth = 0",
        "Groups = 5", "Groups = 2147483647", "UseBias = false", "Weighted = true", "PerSample = true", "Threshold = double.NaN",
        "KernelInitializer = Initializer.Identity", "KernelInitializerValue = -1", "MovingVarianceInitializer = Initializer.RandomNormal",
        "Activation = (Activation)99", "Activation = Activation.Softmax", "Activation = Activation.GELU", "Repeat = 1000", "Repeat = 0",
        "Projection = true", "Trainable = false", "KernelL2 = -1", "BiasL1 = 1e-300", "KernelConstraint = Constraint.MaxNorm",
        "KernelConstraint = (Constraint)9", "GammaConstraint = Constraint.UnitNorm", "KernelConstraintValue = double.NaN",
        "FromLogits = true", "Axis = -1", "Axis = 2147483647", "Axis = 1", "KeepDims = true",
    ];

    private static readonly string[] Names =
    [
        "\"x\"", "\"left\"", "\"images\"", "\"wide\"", "\"input\"", "\"input_1\"", "\"enc1\"", "\"conv2d_1\"", "\"lefd\"", "\"\"", "null", "\"a\\0b\"",
        "\"levels/conv2d_1\"", "\"levels_1\"", "nameof(System)", "\"é\"",
    ];

    private static readonly string[] Numbers =
        ["0", "1", "2", "5", "-1", "100", "254", "65536", "2147483647", "-2147483648", "int.MaxValue", "'c'", "(byte)200", "Sizes.Units"];

    /// <summary>One of the originals with up to three faults: of spelling in one half, of meaning in the other.</summary>
    public static string Draw(int seed)
    {
        var random = new Random(seed);
        string text = Any(Originals.All, random);
        bool isSpelling = random.Next(2) == 0;
        // Half a file is what an editor has while the other half is typed.
        if (random.Next(12) == 0)
            return text[..random.Next(text.Length)];
        for (int count = random.Next(1, 4); count > 0; count--)
        {
            text = !isSpelling ? BreakMeaning(text, random)
                : random.Next(4) == 0 ? BreakCharacter(text, random)
                : BreakToken(text, random);
        }

        return text;
    }

    private static string BreakMeaning(string text, Random random)
    {
        SyntaxNode root = CSharpSyntaxTree.ParseText(text, Project.Parsing).GetRoot();
        AttributeSyntax[] attributes = [.. root.DescendantNodes().OfType<AttributeSyntax>()];
        TextSpan attribute = Any(attributes, random).Span;
        switch (random.Next(9))
        {
            case 0:
                return Replace(text, attribute, Any(Attributes, random));
            case 1:
                return text.Insert(attribute.Start, $"{Any(Attributes, random)}, ");
            case 2:
                return Swap(text, attribute, Any(attributes, random).Span);
            case 3:
                TextSpan list = Any([.. root.DescendantNodes().OfType<AttributeListSyntax>()], random).Span;
                return Replace(text, list, string.Concat(Enumerable.Repeat(text[list.Start..list.End], random.Next(5))));
            case 4:
                return BreakClass(text, root, random);
            case 5:
                return ReplaceToken(text, root, SyntaxKind.StringLiteralToken, Any(Names, random), random);
            case 6:
                string property = Any(Properties, random);
                return text[attribute.End - 1] == ')' ? text.Insert(attribute.End - 1, $", {property}") : text.Insert(attribute.End, $"({property})");
            default:
                return ReplaceToken(text, root, SyntaxKind.NumericLiteralToken, Any(Numbers, random), random);
        }
    }

    /// <summary>What surrounds the layers: the class, those that it is in, a second half.</summary>
    private static string BreakClass(string text, SyntaxNode root, Random random)
    {
        TypeDeclarationSyntax type = Any([.. root.DescendantNodes().OfType<TypeDeclarationSyntax>()], random);
        return random.Next(7) switch
        {
            0 => text.Insert(type.Identifier.Span.End, "<T>"),
            1 => text.Insert(type.Identifier.Span.End, "(int number)"),
            2 => ReplaceToken(text, type, SyntaxKind.PartialKeyword, Any(["", "static", "file", "abstract partial", "unsafe partial"], random), random),
            3 => Replace(text, type.Keyword.Span, Any(["struct", "record", "record struct", "interface", "class"], random)),
            4 => text.Insert(type.Span.End, $"\npartial class {type.Identifier.Text} {{ {Any(Members, random)} }}"),
            5 => Replace(text, type.Span, $"public static partial class Around{Any(["", "<T>"], random)} {{ {text[type.SpanStart..type.Span.End]} }}"),
            _ => Replace(text, type.Identifier.Span, Any(["Model", "Forward", "s_plan", "Device", "nint", "@event", "Größe", "Dense1"], random)),
        };
    }

    private static string BreakCharacter(string text, Random random)
    {
        int at = random.Next(text.Length);
        return random.Next(3) switch
        {
            0 => text.Remove(at, 1),
            1 => text.Insert(at, text[random.Next(text.Length)].ToString()),
            _ => text.Remove(at, 1).Insert(at, ((char)random.Next(32, 127)).ToString()),
        };
    }

    private static string BreakToken(string text, Random random)
    {
        SyntaxNode root = CSharpSyntaxTree.ParseText(text, Project.Parsing).GetRoot();
        SyntaxToken[] tokens = [.. root.DescendantTokens().Where(token => token.Span.Length > 0)];
        if (tokens.Length == 0)
            return Any(Words, random);
        SyntaxToken token = Any(tokens, random);
        string word = Any(Words, random);
        switch (random.Next(6))
        {
            case 0:
                return Replace(text, token.Span, "");
            case 1:
                return text.Insert(token.SpanStart, $"{token.Text} ");
            case 2:
                return text.Insert(token.SpanStart, $"{word} ");
            case 3:
                return Replace(text, token.Span, word);
            case 4:
                // A line is lost: a using, a section of attributes.
                string[] lines = text.Split('\n');
                return string.Join(
                    '\n', lines.Where((_, i) => i != Array.FindIndex(lines, line => line.Contains(token.Text, StringComparison.Ordinal))));
            default:
                return Swap(text, token.Span, Any(tokens, random).Span);
        }
    }

    private static T Any<T>(T[] all, Random random) => all[random.Next(all.Length)];

    private static string ReplaceToken(string text, SyntaxNode root, SyntaxKind kind, string by, Random random)
    {
        SyntaxToken[] tokens = [.. root.DescendantTokens().Where(token => token.IsKind(kind))];
        return tokens.Length == 0 ? text : Replace(text, Any(tokens, random).Span, by);
    }

    private static string Replace(string text, TextSpan span, string by) => text.Remove(span.Start, span.Length).Insert(span.Start, by);

    private static string Swap(string text, TextSpan one, TextSpan other)
    {
        (TextSpan first, TextSpan second) = one.Start < other.Start ? (one, other) : (other, one);
        string last = text[second.Start..second.End];
        return first.End > second.Start ? text : Replace(Replace(text, second, text[first.Start..first.End]), first, last);
    }
}
