using System.Text;
using static Compiled.Tests.SafeTensorsBytes;

namespace Compiled.Tests;

/// <summary>Files that break a rule of the format, each made by hand, and files that only look odd.</summary>
public sealed class SafeTensorsReaderTests
{
    private const string Huge = "9223372036854775807";

    public static TheoryData<string, string> BrokenHeaders => new()
    {
        { "", "must begin with '{'" },
        { " {}", "must begin with '{'" },
        { "[]", "must begin with '{'" },
        { "\uFEFF{}", "must begin with '{'" },
        { "{", "not JSON" },
        { "{}}", "not JSON" },
        { "{}{}", "not JSON" },
        { "{},", "not JSON" },
        { "{} \0", "not JSON" },
        { "{/**/}", "not JSON" },
        { """{"a":}""", "not JSON" },
        { """{"a":1}""", "a tensor's description was expected" },
        { """{"a":null}""", "a tensor's description was expected" },
        { """{"a":[]}""", "a tensor's description was expected" },
        { """{"a":{}}""", "needs dtype, shape and two data_offsets" },
        { """{"a":{"dtype":"F32","shape":[1]}}""", "needs dtype, shape and two data_offsets" },
        { """{"a":{"dtype":"F32","data_offsets":[0,4]}}""", "needs dtype, shape and two data_offsets" },
        { """{"a":{"shape":[1],"data_offsets":[0,4]}}""", "needs dtype, shape and two data_offsets" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[4]}}""", "needs dtype, shape and two data_offsets" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}""", "more than 2 numbers" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":0}}""", "unknown or repeated key 'more'" },
        { """{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "unknown or repeated key 'dtype'" },
        { """{"a":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}}""", "unknown or repeated key 'shape'" },
        { """{"a":{"dtype":7,"shape":[1],"data_offsets":[0,4]}}""", "a type was expected" },
        { """{"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}""", "an array of numbers was expected" },
        { """{"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}""", "an integer of at least 0" },
        { """{"a":{"dtype":"F32","shape":[[1]],"data_offsets":[0,4]}}""", "an integer of at least 0" },
        { """{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}""", "an integer of at least 0" },
        { """{"a":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}}""", "an integer of at least 0" },
        { """{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", "an integer of at least 0" },
        { """{"a":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,4]}}""", "an integer of at least 0" },
        { """{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}""", "more than 8 numbers" },
        { """{"a":{"b":{"c":{"d":{"e":0}}}}}""", "unknown or repeated key 'b'" },
        { """{"__metadata__":{"a":1}}""", "a string was expected" },
        { """{"__metadata__":{"a":{"b":"c"}}}""", "a string was expected" },
        { """{"__metadata__":"a"}""", "an object of strings was expected" },
        { """{"__metadata__":{"a":"1","a":"2"}}""", "'a' stands twice" },
        { """{"__metadata__":{},"__metadata__":{}}""", "'__metadata__' stands twice" },
        { $"{{{Entry("a", "F32", "1", "0", "4")},{Entry("a", "F32", "1", "4", "8")}}}", "'a' stands twice" },
        { $"{{{Entry("a", "F32", "1", "0", "4")},{Entry("\\u0061", "F32", "1", "4", "8")}}}", "'a' stands twice" },
        { $"{{{Entry("", "F32", "1", "0", "4")}}}", "must have 1 to 256 bytes" },
        { $"{{{Entry(new string('é', 129), "F32", "1", "0", "4")}}}", "must have 1 to 256 bytes" },
        { $"{{{Entry("\\ud800", "F32", "1", "0", "4")}}}", "not JSON" },
        { $"{{{Entry("a", "F33", "1", "0", "4")}}}", "unknown type 'F33'" },
        { $"{{{Entry("a", "f32", "1", "0", "4")}}}", "unknown type 'f32'" },
        { $"{{{Entry("a", "F64", "1", "0", "4")}}}", "needs 8 bytes, but its data_offsets span 4" },
        { $"{{{Entry("a", "F32", "2", "0", "4")}}}", "needs 8 bytes, but its data_offsets span 4" },
        { $"{{{Entry("a", "F32", "1", "4", "0")}}}", "needs 4 bytes, but its data_offsets span -4" },
        { $"{{{Entry("a", "F32", "0", "0", "4")}}}", "needs 0 bytes, but its data_offsets span 4" },
        { $"{{{Entry("a", "F32", "4294967296,4294967296", "0", "0")}}}", "overflows 64 bits" },
        { $"{{{Entry("a", "F32", "2305843009213693952,2", "0", "0")}}}", "overflows 64 bits" },
        { $"{{{Entry("a", "U8", Huge, "0", Huge)}}}", "ends behind the file's 8 bytes of data" },
        { $"{{{Entry("a", "U8", "12", "0", "12")}}}", "ends behind the file's 8 bytes of data" },
        { $"{{{Entry("a", "U8", "0", Huge, Huge)}}}", "should begin at byte 0" },
        { $"{{{Entry("a", "F32", "1", "4", "8")}}}", "should begin at byte 0" },
        { $"{{{Entry("a", "F32", "1", "0", "4")}}}", "4 bytes belong to no tensor" },
        { "{}", "8 bytes belong to no tensor" },
        { $"{{{Entry("a", "U8", "4", "0", "4")},{Entry("b", "U8", "3", "5", "8")}}}", "'b' should begin at byte 4" },
        { $"{{{Entry("a", "U8", "8", "0", "8")},{Entry("b", "U8", "8", "0", "8")}}}", "should begin at byte 8" },
        { $"{{{Entry("a", "U8", "5", "0", "5")},{Entry("b", "U8", "4", "4", "8")}}}", "'b' should begin at byte 5" },
        { $"{{{Entry("a", "U8", "8", "0", "8")},{Entry("b", "U8", Huge, "8", Huge)}}}", "needs" },
    };

    [Theory]
    [MemberData(nameof(BrokenHeaders))]
    public void A_header_that_breaks_a_rule_is_refused_with_the_rule(string header, string rule)
    {
        var fault = Assert.Throws<InvalidDataException>(() => SafeTensorsFile.Parse(File(header, 8), "the.file"));
        Assert.StartsWith("'the.file' is not a valid safetensors file: ", fault.Message, StringComparison.Ordinal);
        Assert.Contains(rule, fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "must begin with '{'")]
    [InlineData(3, "not JSON")]
    [InlineData(11, "but only 10 follow")]
    [InlineData(100_000_000, "but only 10 follow")]
    [InlineData(100_000_001, "the limit is")]
    [InlineData(0x7FFF_FFFF_FFFF_FFFF, "the limit is")]
    [InlineData(0x8000_0000_0000_0000, "the limit is")]
    [InlineData(0xFFFF_FFFF_FFFF_FFF8, "the limit is")]
    [InlineData(0xFFFF_FFFF_FFFF_FFFF, "the limit is")]
    public void A_header_length_is_judged_by_the_file(ulong announced, string rule)
    {
        var fault = Assert.Throws<InvalidDataException>(
            () => SafeTensorsFile.Parse(File(announced, """{"a":"b"} """u8.ToArray(), 0), "the.file"));
        Assert.Contains(rule, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Less_than_a_length_is_no_file()
    {
        for (int length = 0; length < 8; length++)
            Assert.Throws<InvalidDataException>(() => SafeTensorsFile.Parse(new byte[length], "the.file"));
    }

    [Fact]
    public void Text_that_is_not_UTF8_is_refused()
    {
        foreach (byte[] bad in (byte[][])[[0xC3, 0x28], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF8, 0x88, 0x80, 0x80], [0xFF], [0xE2, 0x82]])
        {
            byte[] name = [.. "{\""u8, .. bad, .. "\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]}}"u8];
            byte[] value = [.. "{\"__metadata__\":{\"a\":\""u8, .. bad, .. "\"}}"u8];
            Assert.Throws<InvalidDataException>(() => SafeTensorsFile.Parse(File(name, 8), "the.file"));
            Assert.Throws<InvalidDataException>(() => SafeTensorsFile.Parse(File(value, 0), "the.file"));
        }
    }

    [Fact]
    public void Depth_is_bounded()
    {
        foreach (char bracket in "[{")
        {
            string opening = bracket == '[' ? "[" : "{\"a\":";
            byte[] deep = Encoding.UTF8.GetBytes("{\"a\":" + string.Concat(Enumerable.Repeat(opening, 1_000_000)));
            Assert.Throws<InvalidDataException>(() => SafeTensorsFile.Parse(File(deep, 0), "the.file"));
        }
    }

    [Fact]
    public void Messages_stay_short_whatever_the_file_says()
    {
        string text = new('x', 1_000_000);
        foreach (string header in (string[])
            [
                "{" + Entry(text, "U8", "8", "0", "8") + "," + Entry(text, "U8", "0", "8", "8") + "}", "{\"a\":{\"" + text + "\":0}}",
                "{" + Entry("a", text, "8", "0", "8") + "}", "{\"__metadata__\":{\"" + text + "\":\"\",\"" + text + "\":\"\"}}",
            ])
        {
            Assert.InRange(
                Assert.Throws<InvalidDataException>(() => SafeTensorsFile.Parse(File(header, 8), "the.file")).Message.Length, 1, 400);
        }
    }

    [Fact]
    public void The_number_of_entries_is_bounded()
    {
        string tensors = string.Join(',', Enumerable.Range(0, 100_001).Select(i => Entry($"t{i}", "U8", "0", "0", "0")));
        var fault = Assert.Throws<InvalidDataException>(() => SafeTensorsFile.Parse(File($"{{{tensors}}}", 0), "f"));
        Assert.Contains("more than 100,000 tensors", fault.Message, StringComparison.Ordinal);
        string lines = string.Join(',', Enumerable.Range(0, 100_001).Select(i => $"\"k{i}\":\"\""));
        fault = Assert.Throws<InvalidDataException>(() => SafeTensorsFile.Parse(File("{\"__metadata__\":{" + lines + "}}", 0), "f"));
        Assert.Contains("more than 100,000 lines of metadata", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Odd_files_that_break_no_rule_are_read()
    {
        Assert.Empty(SafeTensorsFile.Parse(File("{}      ", 0), "f").Tensors);
        Assert.Empty(SafeTensorsFile.Parse(File("{ }\n\t", 0), "f").Tensors);
        Assert.Equal("", SafeTensorsFile.Parse(File("""{"__metadata__":{"":""}}""", 0), "f").Metadata[""]);

        // Keys in any order, empty tensors and scalars, entries in any order.
        SafeTensorsFile file = SafeTensorsFile.Parse(
            File(
                "{" + Entry("b", "F32", "", "4", "8") + ",\"a\":{\"data_offsets\":[0,4],\"shape\":[2,1],\"dtype\":\"BF16\"}," +
                Entry("none", "F64", "0," + Huge, "4", "4") + "}", 8),
            "f");
        Assert.Equal(["a", "none", "b"], file.Tensors.Select(tensor => tensor.Name));
        Assert.Equal("scalar", file.Find("b")!.ShapeText);
        Assert.Equal(4, file.Data(file.Find("b")!).Length);
        Assert.True(file.Data(file.Find("none")!).IsEmpty);
        Assert.Null(file.Find("c"));
    }

    [Fact]
    public void The_data_of_a_tensor_is_that_of_a_tensor_of_the_file()
    {
        SafeTensorsFile file = SafeTensorsFile.Parse(File($"{{{Entry("a", "U8", "8", "0", "8")}}}", 8), "f");
        SafeTensorsFile other = SafeTensorsFile.Parse(File($"{{{Entry("a", "U8", "8", "0", "8")}}}", 8), "f");
        Assert.Throws<ArgumentException>(() => file.Data(other.Find("a")!).Length);
        Assert.Throws<ArgumentException>(() => file.Data(file.Find("a")! with { Offset = 1L << 32, Length = 8 }).Length);
        Assert.Throws<ArgumentNullException>(() => file.Data(null!).Length);
    }
}
