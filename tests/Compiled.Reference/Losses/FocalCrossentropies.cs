namespace Compiled.Reference;

/// <summary>Focal losses (Lin et al., 2017): cross-entropies whose terms count the less the better the prediction is.</summary>
internal static class FocalCrossentropies
{
    // The mean of (1 − q)^γ · crossentropy, where q is the probability of what is right.
    public static (double Value, double[] Slope) Binary(double[] t, double[] p, LossOptions options)
    {
        double value = 0;
        double[] slope = new double[p.Length];
        for (int i = 0; i < p.Length; i++)
        {
            double probability = options.FromLogits ? Precise.Sigmoid(p[i]) : p[i];
            double wrong = 1 - (t[i] * probability) - ((1 - t[i]) * (1 - probability));
            double weight = (options.Balance ? (t[i] * options.Alpha) + ((1 - t[i]) * (1 - options.Alpha)) : 1) / p.Length;
            (double entropy, double[] entropySlope) = Crossentropies.Binary([t[i]], [probability]);
            value += weight * Math.Pow(wrong, options.Gamma) * entropy;
            double ofWrong = (1 - (2 * t[i])) * options.Gamma * Math.Pow(wrong, options.Gamma - 1) * entropy;
            double inner = options.FromLogits ? probability * (1 - probability) : 1;
            slope[i] = weight * inner * (ofWrong + (Math.Pow(wrong, options.Gamma) * entropySlope[0]));
        }

        return (value, slope);
    }

    // The sum of α (1 − q)^γ · crossentropy, where q are the shares of the classes.
    public static (double Value, double[] Slope) Categorical(double[] t, double[] p, LossOptions options)
    {
        double sum = p.Sum(), value = 0;
        double[] shares = options.FromLogits ? RowFunctions.Softmax(p) : [.. p.Select(probability => probability / sum)];
        double[] ofShare = new double[p.Length];
        for (int i = 0; i < p.Length; i++)
        {
            double share = Crossentropies.Clip(shares[i]), rest = 1 - share;
            value -= options.Alpha * t[i] * Math.Pow(rest, options.Gamma) * Math.Log(share);
            double slope = (options.Gamma * Math.Pow(rest, options.Gamma - 1) * Math.Log(share)) - (Math.Pow(rest, options.Gamma) / share);
            ofShare[i] = Crossentropies.Passes(shares[i]) ? options.Alpha * t[i] * slope : 0;
        }

        if (options.FromLogits)
            return (value, RowFunctions.SoftmaxBackward(shares, ofShare));
        double mean = ofShare.Zip(shares, (slope, share) => slope * share).Sum();
        return (value, [.. ofShare.Select(slope => (slope - mean) / sum)]);
    }
}
