using System.Runtime.CompilerServices;

namespace Compiled;

/// <summary>Random matrices whose rows or columns, whichever are fewer, are orthonormal.</summary>
internal static class OrthogonalMatrix
{
    /// <summary>Fills a matrix, row after row.</summary>
    /// <param name="weights">The matrix.</param>
    /// <param name="columns">Its columns.</param>
    /// <param name="gain">What it is multiplied by.</param>
    /// <param name="normal">Normal numbers, by vector and element: so many are drawn that the vectors are independent.</param>
    public static void Fill(Span<float> weights, int columns, double gain, Func<int, int, double> normal)
    {
        int rows = weights.Length / columns;
        (int count, int length) = rows < columns ? (rows, columns) : (columns, rows);
        double[][] vectors = Orthonormal(count, length, normal);
        for (int i = 0; i < weights.Length; i++)
        {
            (int row, int column) = (i / columns, i % columns);
            weights[i] = (float)(gain * (rows < columns ? vectors[row][column] : vectors[column][row]));
        }
    }

    /// <summary>
    /// The method of Gram and Schmidt, every projection taken twice, after which nothing of it is left in double precision. It gives the
    /// factor Q of a matrix of normal numbers whose R has a positive diagonal, which is uniform among all of them.
    /// </summary>
    private static double[][] Orthonormal(int count, int length, Func<int, int, double> normal)
    {
        double[][] vectors = new double[count][];
        for (int i = 0; i < count; i++)
        {
            double[] vector = new double[length];
            for (int j = 0; j < length; j++)
                vector[j] = normal(i, j);
            for (int pass = 0; pass < 2; pass++)
            {
                for (int before = 0; before < i; before++)
                    Add(vector, vectors[before], -Dot(vectors[before], vector));
            }

            double norm = Math.Sqrt(Dot(vector, vector));
            vectors[i] = [.. vector.Select(value => value / norm)];
        }

        return vectors;
    }

    // In plain order: the same bits on every machine.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double Dot(double[] a, double[] b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
            sum += a[i] * b[i];
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add(double[] target, double[] values, double factor)
    {
        for (int i = 0; i < target.Length; i++)
            target[i] += factor * values[i];
    }
}
