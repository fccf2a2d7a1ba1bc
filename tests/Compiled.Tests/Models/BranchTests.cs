using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>Networks that branch where something may go wrong that drawn ones seldom hold.</summary>
public sealed class BranchTests
{
    private static readonly Window2D Same3 = new(3, 3, 1, 1, Same: true);
    private static readonly Window2D Halving = new(2, 2, 2, 2, Same: false);
    private static readonly ActivationLayer ReLU = new("relu");
    private static readonly ActivationLayer Softmax = new("softmax");
    private static readonly GlobalPooling2DLayer Average = new(IsMax: false, KeepDims: false);
    private static readonly BatchNormalizationLayer Normalization = new();
    private static readonly BatchNormalizationLayer Frozen = new(Trainable: false);

    /// <summary>Values go by number: 0 is the input, i the output of the i-th layer.</summary>
    private static readonly (string Name, Network Network)[] Cases =
    [
        ("a residual with a projection", Of([7, 6, 3],
            new Conv2DLayer(5, Same3 with { StrideHeight = 2, StrideWidth = 2 }, UseBias: false), Normalization, ReLU,
            new Conv2DLayer(5, Same3, UseBias: false), Normalization,
            new Conv2DLayer(5, new Window2D(1, 1, 2, 2, Same: true), UseBias: false) { From = 0 }, Normalization,
            new AddLayer { From = 5, Others = [7] }, ReLU)),
        ("a normalization whose addend is there before it", Of([5, 5, 3],
            new Conv2DLayer(4, Same3), ReLU, new Conv2DLayer(4, Same3), Normalization, new AddLayer { Others = [2] }, ReLU)),
        ("a normalization whose addend comes later", Of([5, 5, 3],
            new Conv2DLayer(4, Same3), Normalization, new Conv2DLayer(4, Same3) { From = 1 }, new AddLayer { From = 2, Others = [3] }, ReLU)),
        ("the addends of two normalizations, either of which comes first", Of([5, 5, 3],
            new Conv2DLayer(4, Same3), Normalization, new Conv2DLayer(4, Same3) { From = 0 }, Normalization,
            new AddLayer { From = 2, Others = [4] }, new ActivationLayer("tanh"))),
        ("a normalization and two addends", Of([5, 5, 3],
            new Conv2DLayer(4, Same3), new Conv2DLayer(4, Same3), Normalization, new AddLayer { Others = [1, 2] }, ReLU)),
        ("a normalization and three addends, one of them twice", Of([4, 5, 3],
            new Conv2DLayer(4, Same3), new Conv2DLayer(4, Same3), Normalization, new AddLayer { Others = [2, 1, 2] })),
        ("a normalization that is added to what it reads", Of([4, 4, 3],
            new Conv2DLayer(6, Same3), Normalization, new AddLayer { Others = [1] }, new ActivationLayer("sigmoid"), new Conv2DLayer(2, Same3))),
        ("a normalization that is added to itself", Of([4, 4, 3],
            new Conv2DLayer(6, Same3), Normalization, new AddLayer { Others = [2] }, ReLU)),
        ("a frozen normalization as the first layer", Of([5, 4, 3], Frozen, ReLU, new Conv2DLayer(4, Same3))),
        ("a frozen normalization of the input, to which a trained branch is added", Of([5, 4, 3],
            new Conv2DLayer(3, Same3), Frozen with { From = 0 }, new AddLayer { Others = [1] }, ReLU)),
        ("a normalization of the input alone", Of([6], Normalization)),
        ("a normalization, a pooling that drops a row, and a dropout", Of([7, 9, 3],
            new Conv2DLayer(5, Same3, UseBias: false), Normalization, ReLU, new MaxPooling2DLayer(Halving), new DropoutLayer(0.25),
            new Conv2DLayer(4, Same3), Normalization, new ActivationLayer("tanh"), new MaxPooling2DLayer(Halving), new FlattenLayer(), new DenseLayer(3))),
        ("a normalization and overlapping windows", Of([6, 5, 3],
            new Conv2DLayer(5, Same3), Normalization, new ActivationLayer("leaky_relu"), new MaxPooling2DLayer(Same3), new DropoutLayer(0.5),
            new Conv2DLayer(2, Same3))),
        ("a pooled normalization without an activation, and a frozen one", Of([8, 8, 3],
            new Conv2DLayer(4, Same3), Normalization, new MaxPooling2DLayer(Halving), Frozen, ReLU, new MaxPooling2DLayer(Halving), new DenseLayer(3))),
        ("averaged normalizations of a residual and behind it", Of([5, 4, 3],
            new Conv2DLayer(6, Same3), Normalization, ReLU, new Conv2DLayer(6, Same3), Normalization, new AddLayer { Others = [3] }, ReLU,
            Average, new DropoutLayer(0.25), new DenseLayer(4))),
        ("an averaged residual whose addend nobody else reads", Of([6, 3, 3],
            new Conv2DLayer(9, Same3, UseBias: false), Normalization, new Conv2DLayer(9, Same3, UseBias: false) { From = 0 }, Normalization,
            new AddLayer { From = 2, Others = [4] }, ReLU, Average, new DenseLayer(2))),
        ("an averaged normalization without an activation, which keeps its rank, and what no average takes in", Of([5, 5, 3],
            new Conv2DLayer(8, Same3), Normalization, Average with { KeepDims = true }, ReLU, new MaxPooling2DLayer(new Window2D(1, 1, 1, 1, Same: false)),
            new Conv2DLayer(6, new Window2D(1, 1, 1, 1, Same: true)), Normalization, new ActivationLayer("tanh"), Average, ReLU, new DenseLayer(2))),
        ("averaged frozen normalizations, one of them the first layer", Of([4, 6, 5],
            Frozen, ReLU, Average, new DenseLayer(4), new Conv2DLayer(4, Same3) { From = 0 }, Frozen, ReLU, Average, new AddLayer { Others = [4] })),
        ("a normalization that an average is not alone to read", Of([4, 4, 3],
            new Conv2DLayer(5, Same3), Normalization, ReLU, Average with { KeepDims = true }, new FlattenLayer(), new DenseLayer(3),
            new GlobalPooling2DLayer(IsMax: true, KeepDims: false) { From = 3 }, new DenseLayer(3), new AddLayer { Others = [6] })),
        ("a convolution that a normalization is not alone to read", Of([5, 5, 3],
            new Conv2DLayer(4, Same3), Normalization, ReLU, new Conv2DLayer(4, Same3) { From = 1 }, new AddLayer { Others = [3] })),
        ("normalizations of vectors", Of([6],
            new DenseLayer(9), Normalization, ReLU, new DenseLayer(9), Normalization, new AddLayer { Others = [3] })),
        ("the sum of a value with itself", Of([5], new DenseLayer(7), new AddLayer { Others = [1] }, ReLU)),
        ("the sum of four, three of them one", Of([5], new DenseLayer(7), ReLU, new AddLayer { From = 1, Others = [2, 1, 1] })),
        ("a value beside itself", Of([3, 2, 4], new DenseLayer(3), new ConcatenateLayer { Others = [1, 1] }, new DenseLayer(2))),
        ("rows behind rows", Of([3, 2, 4], new DenseLayer(4), new ConcatenateLayer(1) { Others = [0, 1] }, new Conv2DLayer(2, Same3))),
        ("a dropout on the way past", Of([4, 4, 3],
            new Conv2DLayer(3, Same3), new DropoutLayer(0.5), new Conv2DLayer(3, Same3), Normalization, new AddLayer { Others = [2] }, ReLU)),
        ("a dropout that all that follows reads", Of([4, 4, 3],
            new ActivationLayer("tanh"), new DropoutLayer(0.25), new Conv2DLayer(3, Same3), new AddLayer { Others = [2] },
            new ConcatenateLayer { Others = [2, 4] }, new FlattenLayer(), new DenseLayer(2))),
        ("a dropout of a view of a dropout", Of([4, 3],
            new DenseLayer(6), Normalization, new DropoutLayer(0.5), new ReshapeLayer(2, 12), new DropoutLayer(0.25), new ReshapeLayer(4, 6),
            new AddLayer { Others = [2] })),
        ("a dropout at the end of a branch and of the network", Of([6],
            new DenseLayer(4), new AddLayer { Others = [1] }, new DropoutLayer(0.5))),
        ("a value that a pooling trims and a sum needs", Of([7, 7, 3],
            new Conv2DLayer(4, Same3), ReLU, new MaxPooling2DLayer(Halving), new FlattenLayer(), new DenseLayer(5),
            new AveragePooling2DLayer(Halving) { From = 2 }, new FlattenLayer(), new DenseLayer(5), new AddLayer { Others = [5] },
            new AddLayer { From = 1, Others = [2] }, new FlattenLayer(), new DenseLayer(5), new AddLayer { Others = [9] })),
        ("a value of which two poolings need different parts", Of([8, 7, 2],
            new Conv2DLayer(4, Same3), new ActivationLayer("tanh"), new AveragePooling2DLayer(new Window2D(3, 3, 3, 3, Same: false)),
            new FlattenLayer(), new MaxPooling2DLayer(Halving) { From = 2 }, new FlattenLayer(), new ConcatenateLayer { Others = [4] }, new DenseLayer(3))),
        ("a sum of which a pooling needs a part", Of([7, 5, 3],
            new Conv2DLayer(3, Same3), new AddLayer { Others = [0] }, ReLU, new AveragePooling2DLayer(Halving))),
        ("a padded image of which a pooling needs a part", Of([4, 4, 3],
            new Conv2DLayer(3, Same3), new ZeroPadding2DLayer(new Margins(1, 2, 0, 1)), new MaxPooling2DLayer(Halving))),
        ("an image that is padded for a convolution and read elsewhere", Of([5, 6, 2],
            new Conv2DLayer(3, Same3), ReLU, new ZeroPadding2DLayer(new Margins(4, 0, 1, 5)), new Conv2DLayer(4, new Window2D(3, 2, 1, 1, Same: false)),
            new FlattenLayer(), new DenseLayer(5), new FlattenLayer { From = 2 }, new DenseLayer(5), new AddLayer { Others = [6] })),
        ("an image that is cropped for two convolutions", Of([7, 6, 3],
            new Conv2DLayer(4, Same3), ReLU, new Cropping2DLayer(new Margins(2, 1, 0, 1)), new Conv2DLayer(2, new Window2D(2, 3, 1, 1, Same: false)),
            new Cropping2DLayer(new Margins(2, 1, 0, 1)) { From = 2 }, new Conv2DLayer(2, new Window2D(2, 3, 1, 1, Same: false)),
            new AddLayer { Others = [4] })),
        ("a padded image of two readers", Of([4, 4, 3],
            new ZeroPadding2DLayer(new Margins(1, 1, 1, 1)), new Conv2DLayer(2, new Window2D(3, 3, 1, 1, Same: false)),
            new Conv2DLayer(2, new Window2D(3, 3, 1, 1, Same: false)) { From = 1 }, new AddLayer { Others = [2] })),
        ("an image that is padded, cropped and padded again", Of([6, 5, 3],
            new Conv2DLayer(4, Same3), new ZeroPadding2DLayer(new Margins(3, 0, 2, 1)), new Cropping2DLayer(new Margins(1, 2, 3, 0)),
            new ZeroPadding2DLayer(new Margins(1, 1, 0, 2)), new Conv2DLayer(3, Same3 with { StrideHeight = 2 }))),
        ("windows in nothing but padding", Of([2, 3, 3],
            new Conv2DLayer(8, Same3), ReLU, new ZeroPadding2DLayer(new Margins(7, 6, 5, 8)), new Conv2DLayer(8, new Window2D(3, 3, 1, 1, Same: false)), ReLU,
            new MaxPooling2DLayer(Halving))),
        ("a convolution of a part of an image, whose rest a pooling reads", Of([8, 8, 3],
            new Conv2DLayer(4, Same3), new ActivationLayer("tanh"), new Cropping2DLayer(new Margins(3, 2, 2, 3)), new Conv2DLayer(2, new Window2D(2, 2, 1, 1, Same: false)),
            new FlattenLayer(), new AveragePooling2DLayer(Halving) { From = 2 }, new FlattenLayer(), new ConcatenateLayer { Others = [5] }, new DenseLayer(3))),
        ("a convolution of a reshaped image", Of([4, 4, 3], new ReshapeLayer(2, 8, 3), new Conv2DLayer(4, Same3))),
        ("an activation of a reshaped image", Of([4, 6, 2], new Conv2DLayer(2, Same3), new ReshapeLayer(8, 2, -1), ReLU, new Conv2DLayer(3, Same3))),
        ("a pooling of the activation of a reshaped image", Of([5, 7, 2],
            new Conv2DLayer(2, Same3), new ReshapeLayer(7, 5, 2), new ActivationLayer("sigmoid"), new MaxPooling2DLayer(Halving))),
        ("views of a joined value", Of([4, 3, 2],
            new DenseLayer(2), new AddLayer { Others = [0] }, new FlattenLayer(), new DenseLayer(24), new ReshapeLayer(4, 3, 2) { From = 2 },
            new ConcatenateLayer { Others = [2] }, new FlattenLayer(), new DenseLayer(24), new AddLayer { Others = [4] })),
        ("a view that is joined with what it is a view of", Of([12], new DenseLayer(12), new ReshapeLayer(12), new AddLayer { Others = [1] }, ReLU)),
        ("logits that are read elsewhere", Of("categorical_crossentropy", [5],
            new DenseLayer(4, UseBias: false), new DenseLayer(4), new AddLayer { Others = [1] }, Softmax)),
        ("logits that go into the loss by their softmax alone", Of("sparse_categorical_crossentropy", [5],
            new DenseLayer(4), Softmax, new AddLayer { From = 2, Others = [1] }, new DenseLayer(3), Softmax)),
        ("a softmax of which two read the input", Of("categorical_crossentropy", [3, 5],
            new DenseLayer(4), Softmax, new AddLayer { Others = [1] }, Softmax)),
        ("a block that ends where it begins", Of([4, 4, 2], new Conv2DLayer(2, Same3), new AddLayer { Others = [0] }, new AddLayer { Others = [0, 1] })),
        ("an encoder and a decoder", Of([9, 7, 2],
            new Conv2DLayer(4, Same3), Normalization, ReLU, new MaxPooling2DLayer(Halving),
            new Conv2DLayer(6, Same3), ReLU, new UpSampling2DLayer(2, 2, Bilinear: true),
            new Cropping2DLayer(new Margins(0, 1, 0, 1)) { From = 3 }, new ConcatenateLayer { From = 7, Others = [8] }, new Conv2DLayer(2, Same3))),
        ("a decoder of nearest neighbours", Of([8, 6, 2],
            new Conv2DLayer(4, Same3), Normalization, ReLU, new MaxPooling2DLayer(Halving), new Conv2DLayer(6, Same3), ReLU,
            new UpSampling2DLayer(2, 2, Bilinear: false), new ConcatenateLayer { Others = [3] }, new Conv2DLayer(4, Same3), Normalization, ReLU,
            new Conv2DLayer(1, new Window2D(1, 1, 1, 1, Same: false)))),
        ("an enlarged image that is convolved and pooled", Of([3, 4, 2],
            new Conv2DLayer(8, Same3), ReLU, new UpSampling2DLayer(3, 2, Bilinear: false), new Conv2DLayer(8, new Window2D(3, 3, 1, 1, Same: false)), ReLU,
            new MaxPooling2DLayer(Halving), new DropoutLayer(0.5))),
        ("images that are enlarged twice and joined twice", Of([4, 4, 3],
            new Conv2DLayer(2, Same3), new MaxPooling2DLayer(Halving), new UpSampling2DLayer(2, 1, Bilinear: false),
            new MaxPooling2DLayer(new Window2D(1, 2, 1, 2, Same: false)) { From = 1 }, new ConcatenateLayer { Others = [3] },
            new UpSampling2DLayer(1, 2, Bilinear: false), new ConcatenateLayer { Others = [1] }, new Conv2DLayer(3, Same3))),
        ("a value beside itself, padded for a convolution", Of([4, 3, 2],
            new Conv2DLayer(3, Same3), ReLU, new ConcatenateLayer { Others = [2, 2] }, new ZeroPadding2DLayer(new Margins(1, 0, 2, 1)),
            new Conv2DLayer(2, new Window2D(2, 2, 1, 1, Same: false)))),
        ("a value beside itself enlarged and made smaller", Of([4, 4, 2],
            new Conv2DLayer(3, Same3), new MaxPooling2DLayer(Halving), new UpSampling2DLayer(2, 2, Bilinear: false),
            new ConcatenateLayer { Others = [1] }, new Conv2DLayer(2, Same3 with { StrideHeight = 2 }), new DropoutLayer(0.5))),
        ("an enlarged and joined image to whose convolution a value is added", Of([4, 4, 2],
            new Conv2DLayer(3, Same3), new MaxPooling2DLayer(Halving), new UpSampling2DLayer(2, 2, Bilinear: false),
            new ConcatenateLayer { Others = [1] }, new Conv2DLayer(3, Same3), Normalization, new AddLayer { Others = [1] }, ReLU)),
        ("an enlarged image of two readers", Of([3, 3, 2],
            new Conv2DLayer(3, Same3), new UpSampling2DLayer(2, 2, Bilinear: false), new Conv2DLayer(3, Same3), new AddLayer { Others = [2] })),
        ("images joined for groups", Of([3, 3, 2],
            new Conv2DLayer(2, Same3), new ConcatenateLayer { Others = [0] }, new Conv2DLayer(4, Same3, Groups: 2), ReLU)),
        ("rows joined below one another", Of([3, 3, 2],
            new Conv2DLayer(2, Same3), new ConcatenateLayer(1) { Others = [0] }, new Conv2DLayer(3, Same3))),
        ("the input enlarged beside what it gives", Of([3, 3, 2],
            new Conv2DLayer(4, Same3), new UpSampling2DLayer(2, 2, Bilinear: false), new UpSampling2DLayer(2, 2, Bilinear: false) { From = 0 },
            new ConcatenateLayer { Others = [2] }, new Conv2DLayer(3, Same3), ReLU, new MaxPooling2DLayer(Halving))),
        ("five images, of which no op takes as many", Of([2, 2, 2],
            new Conv2DLayer(2, Same3), new ConcatenateLayer { Others = [0, 1] }, new ConcatenateLayer { Others = [0, 1] }, new Conv2DLayer(3, Same3))),
    ];

    public static TheoryData<string> Names => new(Cases.Select(entry => entry.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public void A_network_computes_what_the_reference_does(string name)
    {
        Network network = Cases.Single(entry => entry.Name == name).Network;
        Assert.Equal(network.Layers.Count, network.Live().Layers.Count);
        NetworkTrial.Require(network);
    }

    private static Network Of(int[] input, params Layer[] layers) => Of("mean_squared_error", input, layers);

    private static Network Of(string loss, int[] input, params Layer[] layers) => new(input, layers, loss);
}
