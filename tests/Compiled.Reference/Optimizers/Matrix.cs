namespace Compiled.Reference;

/// <summary>A row-major matrix.</summary>
public sealed record Matrix(int Rows, int Columns, double[] Values)
{
    public double this[int row, int column] => Values[(row * Columns) + column];

    public Matrix Scale(double factor) => this with { Values = [.. Values.Select(value => value * factor)] };

    public Matrix Plus(Matrix other) => this with { Values = [.. Values.Zip(other.Values, (a, b) => a + b)] };

    public Matrix Transpose() => From(Columns, Rows, (row, column) => this[column, row]);

    public Matrix Times(Matrix other) =>
        From(Rows, other.Columns, (row, column) => Enumerable.Range(0, Columns).Sum(k => this[row, k] * other[k, column]));

    private static Matrix From(int rows, int columns, Func<int, int, double> value) =>
        new(rows, columns, [.. Enumerable.Range(0, rows * columns).Select(i => value(i / columns, i % columns))]);
}
