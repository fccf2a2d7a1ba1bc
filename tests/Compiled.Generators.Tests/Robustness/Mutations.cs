using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Compiled.Generators.Tests;

/// <summary>Breaks declarations as typing does: seeded, so that a failure repeats itself.</summary>
internal static class Mutations
{
    /// <summary>Declarations that are right and use nothing of their generated halves.</summary>
    public static readonly string[] Originals =
    [
        """
        using Compiled;

        namespace Examples;

        /// <summary>A net.</summary>
        [Model(Fusion = Fusion.None)]
        [Input(16, 16, 3)]
        [Conv2D(8, 3, Padding = Padding.Same), ReLU]
        [Conv2D(8, 3), ReLU, MaxPooling2D(2), Dropout(0.25)]
        [Flatten, Dense(16), ReLU, Dropout(0.5)]
        [Dense(10), Softmax, CategoricalCrossentropy]
        public sealed partial class Net;
        """,
        """
        using Compiled;
        using static Compiled.Padding;

        public static class Sizes { public const int Units = 4; }

        public partial record Outer
        {
            [Model]
            [Input(Sizes.Units, Name = "x")]
            [Dense(Sizes.Units, Name = "left")]
            [Dense(units: 3, UseBias = false, From = "left"), Tanh, MeanSquaredError(Name = "loss")]
            internal partial class Net
            {
                public int Count { get; set; } = 1;

                public Net(string text) : this(null, text.Length) { }
            }
        }
        """,
        """
        using Compiled;

        [Block, Conv2D(Filters.Half, 1), BatchNormalization(Momentum = 0.9), Concatenate("input", Axis = 3)]
        public sealed class Inner;

        [Block]
        [Block<Inner>(Name = "a"), Conv2D(Filters.Quarter, 3, Padding = Padding.Same), Add("b", From = "c")]
        public sealed class Broken;

        [Block]
        [Conv2D(Filters.Twice, 3, Strides = 2, Padding = Padding.Same), BatchNormalization(Scale = false, Trainable = false), ReLU]
        public sealed class Down;

        [Model]
        [Input(8, 6, 4, Name = "images")]
        [Residual<Down>(Projection = true, Activation = Activation.ReLU, Name = "low"), Block<Inner>(Repeat = 2)]
        [UpSampling2D(2, Interpolation = Interpolation.Bilinear), Concatenate("images", Name = "wide"), Cropping2D(1, 0, 0, 2)]
        [ZeroPadding2D(1, 0), AveragePooling2D(2, 2, Strides = 1), Reshape(8, -1), Flatten, Dense(5, Name = "left")]
        [GlobalMaxPooling2D(From = "wide"), LayerNormalization(Epsilon = 0.1), Dense(5), Add("left", "left"), MeanSquaredError]
        public sealed partial class Net;
        """,
        """
        using Compiled;
        [Model] [Input(9, 7, 2)]
        [Conv2D(4, 2, 3, StridesHeight = 2, StridesWidth = 1, UseBias = true), Activation(Activation.Tanh)]
        [MaxPooling2D(poolHeight: 2, poolWidth: 1, Strides = 2, Padding = Padding.Same)]
        [Conv2D(2, 1, DilationRate = 2), Linear, Softmax, SparseCategoricalCrossentropy]
        partial class Images;

        [Model, Input(3), Dense(2), Softmax, SparseCategoricalCrossentropy] partial class Vectors;

        [System.Obsolete] partial class Vectors { private static readonly int[] s_numbers = [1, 2]; public static int Sum => s_numbers[0]; }
        """,
    ];

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
        "Model", "Model(Fusion = Fusion.Full)", "Model(Fusion = (Fusion)9)", "Model(Precision = Precision.TF32)", "Model(Precision = (Precision)9)", "Input(4)", "Input(6, 6, 1)", "Input", "Input(0)",
        "Input(2147483647, 2147483647)", "Conv2D(3, 2)", "Conv2D(3, 9)", "Conv2D(3, 2, 1, Padding = Padding.Same)",
        "Conv2D(2147483647, 2147483647)", "Conv2D(2, 2147483647, Padding = Padding.Same)",
        "Conv2D(1, 2, DilationRate = 2147483647, Padding = Padding.Same)", "MaxPooling2D", "MaxPooling2D(16)",
        "MaxPooling2D(3, 1, Strides = 2147483647)", "Dropout(0)", "Dropout(0.999999999)", "Dropout(1e-300)", "Flatten",
        "Flatten(From = \"left\")", "Dense(1)", "Dense(2147483647)", "Dense(-1)", "Dense(3, Name = \"left\")", "Dense(3, Name = \"Value\")",
        "ReLU", "Sigmoid(Name = null)", "Activation((Activation)3)", "Activation((Activation)(-1))", "Linear", "Softmax",
        "MeanSquaredError", "CategoricalCrossentropy", "SparseCategoricalCrossentropy(From = \"x\")", "System.Serializable",
    ];

    private static readonly string[] Numbers =
        ["0", "1", "2", "5", "-1", "100", "254", "65536", "2147483647", "-2147483648", "int.MaxValue", "'c'", "(byte)200", "Sizes.Units"];

    /// <summary>One of the originals with up to three faults: of spelling in one half, of meaning in the other.</summary>
    public static string Draw(int seed)
    {
        var random = new Random(seed);
        string text = Originals[random.Next(Originals.Length)];
        bool isSpelling = random.Next(2) == 0;
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
        TextSpan attribute = attributes[random.Next(attributes.Length)].Span;
        SyntaxToken[] numbers = [.. root.DescendantTokens().Where(token => token.IsKind(SyntaxKind.NumericLiteralToken))];
        switch (random.Next(5))
        {
            case 0:
                return Replace(text, attribute, Attributes[random.Next(Attributes.Length)]);
            case 1:
                return text.Insert(attribute.Start, $"{Attributes[random.Next(Attributes.Length)]}, ");
            case 2:
                return Swap(text, attribute, attributes[random.Next(attributes.Length)].Span);
            case 3:
                AttributeListSyntax[] lists = [.. root.DescendantNodes().OfType<AttributeListSyntax>()];
                return Replace(text, lists[random.Next(lists.Length)].Span, "");
            default:
                return Replace(text, numbers[random.Next(numbers.Length)].Span, Numbers[random.Next(Numbers.Length)]);
        }
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
            return Words[random.Next(Words.Length)];
        SyntaxToken token = tokens[random.Next(tokens.Length)];
        string word = Words[random.Next(Words.Length)];
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
                return Swap(text, token.Span, tokens[random.Next(tokens.Length)].Span);
        }
    }

    private static string Replace(string text, TextSpan span, string by) => text.Remove(span.Start, span.Length).Insert(span.Start, by);

    private static string Swap(string text, TextSpan one, TextSpan other)
    {
        (TextSpan first, TextSpan second) = one.Start < other.Start ? (one, other) : (other, one);
        string last = text[second.Start..second.End];
        return first.End > second.Start ? text : Replace(Replace(text, second, text[first.Start..first.End]), first, last);
    }
}
