namespace Compiled.Tests;

/// <summary>The binary files of CIFAR-10: read right, or refused with file, record and byte.</summary>
public sealed class Cifar10Tests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Planes_become_pixels_between_0_and_1()
    {
        byte[] records = CifarFiles.Records(3);
        string path = Write("batch.bin", records);
        ArrayDataset data = Cifar10.Read([path]);
        Assert.Equal((3, 10), (data.Count, data.ClassCount));
        Assert.Equal([32, 32, 3], data.InputShape);

        int[] indices = [2, 0];
        int[] classIds = new int[2];
        float[] images = new float[2 * 3072];
        data.ReadClassIds(indices, classIds);
        data.ReadInputs(indices, images);
        Assert.Equal([2, 0], classIds);
        for (int i = 0; i < images.Length; i++)
        {
            int image = i / 3072, pixel = i % 3072 / 3, channel = i % 3;
            byte expected = records[indices[image] * CifarFiles.RecordBytes + 1 + channel * 1024 + pixel];
            Assert.Equal(expected / 255f, images[i], 1e-7f);
        }
    }

    [Fact]
    public void Files_follow_one_another()
    {
        ArrayDataset data = Cifar10.Read(
            [Write("a", CifarFiles.Records(2)), Write("b", CifarFiles.Records(3, first: 5)), Write("c", CifarFiles.Records(1, first: 9))]);
        int[] classIds = new int[6];
        data.ReadClassIds([0, 1, 2, 3, 4, 5], classIds);
        Assert.Equal([0, 1, 5, 6, 7, 9], classIds);
        Assert.Equal(0, Cifar10.Read([]).Count);
        Assert.Throws<ArgumentNullException>(() => Cifar10.Read(null!));
    }

    [Fact]
    public void Every_damage_is_named_with_its_file_record_and_byte()
    {
        byte[] good = CifarFiles.Records(5);
        for (int mutation = 0; mutation < 500; mutation++)
        {
            // Cut or lengthened at any byte, or another label in any record.
            uint word = Philox.Word((ulong)mutation, 0xF003, 0, 0);
            byte[] bad = [.. good];
            int record = (int)(word >> 8) % 5;
            string where, found;
            if (mutation % 3 == 0)
            {
                byte label = (byte)(10 + (word >> 16) % 246);
                bad[record * CifarFiles.RecordBytes] = label;
                (where, found) = ($"record {record} (byte {record * CifarFiles.RecordBytes:N0})", $"has label {label}; labels are 0 to 9.");
            }
            else
            {
                int rest = 1 + (int)(word >> 12) % (CifarFiles.RecordBytes - 1);
                bad = [.. good.Take(record * CifarFiles.RecordBytes + rest)];
                (where, found) =
                    ($"record {record} (byte {record * CifarFiles.RecordBytes:N0})", $"has {rest:N0} bytes; records are 3,073 bytes.");
            }

            string path = Write($"{mutation}.bin", bad);
            string message = Assert.Throws<InvalidDataException>(() => Cifar10.Read([Write("good.bin", good), path])).Message;
            Assert.Equal($"'{path}' is damaged: {where} {found}", message);
        }
    }

    [Fact]
    public void An_empty_file_is_damaged()
    {
        string path = Write("empty", []);
        string message = Assert.Throws<InvalidDataException>(() => Cifar10.Read([path])).Message;
        Assert.Equal($"'{path}' is damaged: record 0 (byte 0) has 0 bytes; records are 3,073 bytes.", message);
    }

    [Fact]
    public void A_directory_is_that_of_the_files_or_the_one_above()
    {
        CifarFiles.Write(_folder[CifarFiles.Folder], records: 4);
        foreach (string directory in (string[])[_folder.Path, _folder[CifarFiles.Folder]])
        {
            Cifar10.Sets sets = Cifar10.Load(directory, TestContext.Current.CancellationToken);
            Assert.Equal((20, 4), (sets.Train.Count, sets.Test.Count));
        }

        File.Delete(Path.Combine(_folder[CifarFiles.Folder], "data_batch_3.bin"));
        Assert.Equal(16, Cifar10.Load(_folder.Path, TestContext.Current.CancellationToken).Train.Count);
    }

    [Theory]
    [InlineData("test_batch.bin")]
    [InlineData("data_batch_1.bin")]
    public void A_directory_without_a_training_or_a_test_file_is_not_it(string missing)
    {
        CifarFiles.Write(_folder.Path, records: 1);
        File.Delete(_folder[missing]);
        var fault = Assert.Throws<DirectoryNotFoundException>(() => Cifar10.Load(_folder.Path, TestContext.Current.CancellationToken));
        Assert.Equal(
            $"'{_folder.Path}' holds no CIFAR-10: data_batch_1.bin … data_batch_5.bin and test_batch.bin were looked for there and in " +
            "cifar-10-batches-bin below it.",
            fault.Message);
    }

    [Fact]
    public void There_is_a_name_for_each_class() =>
        Assert.Equal("airplane automobile bird cat deer dog frog horse ship truck", string.Join(' ', Cifar10.ClassNames));

    private string Write(string name, byte[] content)
    {
        File.WriteAllBytes(_folder[name], content);
        return _folder[name];
    }
}
