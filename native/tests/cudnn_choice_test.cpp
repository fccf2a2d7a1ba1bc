// What the CUDA backend decides about cuDNN without a device: versions, algorithms, texts, the file of choices, sizes.
#include "check.h"

#include "common/error.h"
#include "cuda/cudnn/choice.h"
#include "cuda/cudnn/choice_file.h"
#include "cuda/cudnn/staging.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace compiled::cuda::cudnn;

namespace {

namespace fs = std::filesystem;

constexpr int DefaultMath = 0, TensorMath = 1, ConvertingMath = 2, FmaMath = 3;
constexpr int64_t Plenty = 1 << 30;

cn_conv2d_desc stage(int32_t precision = CN_PRECISION_FLOAT32, int32_t gradient = CN_GRADIENT_OVERWRITE) {
    cn_conv2d_desc d{};
    d.batch = 4, d.input_height = 9, d.input_width = 8, d.input_channels = 3, d.filters = 5;
    d.window = {3, 2, 2, 1, 1, 3, 1, 0};
    d.conv_height = d.output_height = 5, d.conv_width = d.output_width = 5;
    d.precision = precision, d.input_gradient = gradient;
    return d;
}

// ---------------------------------------------------------------------------------------------------------------------
// Algorithms
// ---------------------------------------------------------------------------------------------------------------------

void test_versions() {
    check::scope = "versions";
    CHECK(major_version(8907) == 8 && major_version(8000) == 8);
    CHECK(major_version(90100) == 9 && major_version(92000) == 9);
    CHECK(major_version(7605) == 0 && major_version(9000) == 0 && major_version(100000) == 0 && major_version(0) == 0);
}

std::vector<Algorithm> accepted(Product product, int32_t precision, const Offer& offer) {
    return acceptable(product, precision, {offer}, Plenty);
}

void test_only_ordered_sums() {
    check::scope = "ordered sums";
    for (Product product : {Product::Forward, Product::InputGradient, Product::KernelGradient}) {
        for (int number = 0; number < 8; ++number) {
            bool good = product == Product::Forward ? number <= 2 : number == 1;
            CHECK(accepted(product, CN_PRECISION_FLOAT32, {number, FmaMath, true, true, 0}).size() == (good ? 1u : 0u));
            CHECK(accepted(product, CN_PRECISION_FLOAT32, {number, FmaMath, true, false, 0}).empty());
            CHECK(accepted(product, CN_PRECISION_FLOAT32, {number, FmaMath, false, true, 0}).empty());
        }
    }
}

void test_math() {
    check::scope = "math";
    auto math_of = [](int32_t precision, int math) {
        std::vector<Algorithm> algorithms = accepted(Product::Forward, precision, {1, math, true, true, 0});
        return algorithms.empty() ? -1 : algorithms[0].math;
    };
    CHECK(math_of(CN_PRECISION_FLOAT32, FmaMath) == FmaMath);
    CHECK(math_of(CN_PRECISION_FLOAT32, DefaultMath) == FmaMath); // which could be TF32
    CHECK(math_of(CN_PRECISION_FLOAT32, TensorMath) == -1 && math_of(CN_PRECISION_FLOAT32, ConvertingMath) == -1);
    CHECK(math_of(CN_PRECISION_TF32, FmaMath) == FmaMath && math_of(CN_PRECISION_TF32, DefaultMath) == DefaultMath);
    CHECK(math_of(CN_PRECISION_TF32, TensorMath) == TensorMath && math_of(CN_PRECISION_TF32, ConvertingMath) == -1);
    CHECK(math_of(CN_PRECISION_BFLOAT16, DefaultMath) == -1);
}

void test_order_and_memory() {
    check::scope = "order and memory";
    std::vector<Offer> offers{{1, FmaMath, true, true, 100}, {0, DefaultMath, true, true, 0}, {0, FmaMath, true, true, 0}};
    std::vector<Algorithm> all = acceptable(Product::Forward, CN_PRECISION_FLOAT32, offers, 100);
    CHECK(all.size() == 2 && all[0] == (Algorithm{1, FmaMath}) && all[1] == (Algorithm{0, FmaMath}));
    std::vector<Algorithm> small = acceptable(Product::Forward, CN_PRECISION_FLOAT32, offers, 99);
    CHECK(small.size() == 1 && small[0] == (Algorithm{0, FmaMath}));
}

void test_fastest() {
    check::scope = "fastest";
    CHECK(fastest({{2.0, 0}, {1.0, 500}, {3.0, 0}}) == 1);
    CHECK(fastest({{1.005, 10}, {1.0, 500}}) == 0); // a tie
    CHECK(fastest({{1.02, 10}, {1.0, 500}}) == 1);
    CHECK(fastest({{1.0, 10}, {1.0, 10}}) == 0);
    CHECK(fastest({{1.0, 10}}) == 0);
    CHECK(prefers_cudnn(false) && !prefers_cudnn(true));
}

// ---------------------------------------------------------------------------------------------------------------------
// Texts
// ---------------------------------------------------------------------------------------------------------------------

void test_tuning() {
    check::scope = "tuning";
    CHECK(tuning_of(nullptr) == Tuning::Cache && tuning_of("") == Tuning::Cache && tuning_of("cache") == Tuning::Cache);
    CHECK(tuning_of("off") == Tuning::Off && tuning_of("on") == Tuning::On);
    bool threw = false;
    try {
        tuning_of("full");
    } catch (const compiled::Error& error) {
        threw = error.status() == CN_STATUS_INVALID_ARGUMENT && std::strstr(error.what(), "'full'") != nullptr;
    }
    CHECK(threw);
}

bool parses(const std::string& text, const cn_conv2d_desc& desc, Direction direction) {
    Choice choice;
    return parse_choice(text, desc, direction, choice) && to_text(choice) == text;
}

void test_choices() {
    check::scope = "choices";
    cn_conv2d_desc d = stage(), tf32 = stage(CN_PRECISION_TF32), alone = stage(CN_PRECISION_FLOAT32, CN_GRADIENT_NONE);
    CHECK(parses("own", d, Direction::Forward) && parses("own", d, Direction::Backward));
    CHECK(parses("cudnn 0/3", d, Direction::Forward) && parses("cudnn 2/3", d, Direction::Forward));
    CHECK(parses("cudnn 1/3 1/3", d, Direction::Backward) && parses("cudnn 1/3", alone, Direction::Backward));
    CHECK(parses("cudnn 1/1 1/0", tf32, Direction::Backward));
    for (const char* text : {"", "cudnn", "cudnn 1", "cudnn 1/", "cudnn 1/3x", "cudnn x/3", "cudnn 1/3 1/3", "cudnn 7/3", "cudnn -1/3",
                             "cudnn 1/0", "cudnn 99999999999/3", "theirs", "own 1/3 "}) {
        CHECK(!parses(text, d, Direction::Forward));
    }
    for (const char* text : {"cudnn 1/3", "cudnn 0/3 1/3", "cudnn 1/3 0/3", "cudnn 3/3 1/3", "cudnn 1/3 1/3 1/3"}) {
        CHECK(!parses(text, d, Direction::Backward));
    }
    Choice kept{true, {{1, FmaMath}}};
    CHECK(!parse_choice("cudnn 1/3 1/3", d, Direction::Forward, kept) && kept == (Choice{true, {{1, FmaMath}}}));
}

void test_keys() {
    check::scope = "keys";
    cn_conv2d_desc d = stage();
    std::string key = stage_key(d, Direction::Forward);
    CHECK(key != stage_key(d, Direction::Backward) && key == stage_key(stage(), Direction::Forward));
    CHECK(key.find('=') == std::string::npos && key.find('\n') == std::string::npos);
    cn_conv2d_desc other = d;
    other.window.pad_left = 1;
    CHECK(key != stage_key(other, Direction::Forward));
    other = d;
    other.precision = CN_PRECISION_TF32;
    CHECK(key != stage_key(other, Direction::Forward));
    other = d;
    other.dropout_stream = 7;
    other.input_gradient = CN_GRADIENT_NONE;
    CHECK(key == stage_key(other, Direction::Forward));
    CHECK(stage_key(d, Direction::Backward) != stage_key(other, Direction::Backward));
}

// ---------------------------------------------------------------------------------------------------------------------
// The file
// ---------------------------------------------------------------------------------------------------------------------

std::string text_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void write_text(const fs::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}

void test_file(const fs::path& folder) {
    check::scope = "file";
    CHECK(choice_file_name("NVIDIA H100 80GB/x", 90100) ==
          "conv2d-NVIDIA-H100-80GB-x-cudnn90100-abi" + std::to_string(CN_ABI_VERSION) + ".txt");
    fs::path path = folder / "deep" / "choices.txt";
    CHECK(read_choices(path.string()).empty());
    CHECK(write_choice(path.string(), "forward 1 2", "own"));
    CHECK(write_choice(path.string(), "backward 1 2", "cudnn 1/3"));
    CHECK(write_choice(path.string(), "forward 1 2", "cudnn 0/3"));
    std::map<std::string, std::string> expected{{"forward 1 2", "cudnn 0/3"}, {"backward 1 2", "cudnn 1/3"}};
    CHECK(read_choices(path.string()) == expected);
    CHECK(std::distance(fs::directory_iterator(path.parent_path()), fs::directory_iterator()) == 1); // nothing else is left
    CHECK(!write_choice((path / "below a file").string(), "key", "own"));
}

void test_damaged_files(const fs::path& folder) {
    check::scope = "damaged files";
    fs::path path = folder / "damaged.txt";
    CHECK(write_choice(path.string(), "a", "own"));
    CHECK(write_choice(path.string(), "b", "cudnn 1/3"));
    std::string whole = text_of(path);
    for (size_t length = 0; length < whole.size(); ++length) { // what is left of it has whole lines alone
        write_text(path, whole.substr(0, length));
        for (const auto& [key, choice] : read_choices(path.string())) {
            CHECK(choice == (key == "a" ? "own" : "cudnn 1/3"));
        }
    }
    write_text(path, "another program's file\na = own\n");
    CHECK(read_choices(path.string()).empty());
    write_text(path, std::string("\0\xFF\n\n = x\n", 8));
    CHECK(read_choices(path.string()).empty());
    write_text(path, whole + "no separator\n = nothing\nc = own\n");
    CHECK(read_choices(path.string()).size() == 3);
    CHECK(write_choice(path.string(), "d", "own") && read_choices(path.string()).size() == 4);
    fs::create_directory(folder / "folder.txt");
    CHECK(read_choices((folder / "folder.txt").string()).empty());
}

void test_folder() {
    check::scope = "folder";
#if !defined(_WIN32)
    setenv("XDG_CACHE_HOME", "/somewhere/cache", 1);
    CHECK(choice_folder() == "/somewhere/cache/compiled");
    setenv("XDG_CACHE_HOME", "not/absolute", 1);
    setenv("HOME", "/home/someone", 1);
    CHECK(choice_folder() == "/home/someone/.cache/compiled");
    unsetenv("XDG_CACHE_HOME");
    CHECK(choice_folder() == "/home/someone/.cache/compiled");
    unsetenv("HOME");
    CHECK(choice_folder().empty());
#endif
}

// ---------------------------------------------------------------------------------------------------------------------
// Sizes
// ---------------------------------------------------------------------------------------------------------------------

void test_staging() {
    check::scope = "staging";
    Staging s(stage());
    CHECK(s.rows == 4 * 2 + 2 + 1 && s.columns == 4 + 3 + 1);
    CHECK(s.input == 4 * 11 * 8 * 3 && s.kernel == 3 * 2 * 3 * 5 && s.conv == 4 * 5 * 5 * 5);
    CHECK(s.forward_bytes() == float_bytes(s.input) + float_bytes(s.kernel) + float_bytes(s.conv));
    CHECK(s.backward_bytes() == s.forward_bytes() + float_bytes(s.kernel));
    CHECK(float_bytes(1) == 256 && float_bytes(64) == 256 && float_bytes(65) == 512 && float_bytes(0) == 0);
    CHECK(Staging::suits(stage()) && Staging::suits(stage(CN_PRECISION_TF32)) && !Staging::suits(stage(CN_PRECISION_BFLOAT16)));
}

void test_large_stages() {
    check::scope = "large stages";
    cn_conv2d_desc d = stage();
    d.batch = (int64_t{1} << 31) / (11 * 8 * 3);
    CHECK(Staging::suits(d));
    d.batch += 1;
    CHECK(!Staging::suits(d));
    d = stage();
    d.window.stride_height = (int64_t{1} << 31) - 1; // four of them between its outputs
    CHECK(!Staging::suits(d));
    d = stage();
    d.filters = d.input_channels = int64_t{1} << 20;
    CHECK(!Staging::suits(d));
}

} // namespace

int main() {
    test_versions();
    test_only_ordered_sums();
    test_math();
    test_order_and_memory();
    test_fastest();
    test_tuning();
    test_choices();
    test_keys();
    fs::path folder = fs::temp_directory_path() /
                      ("compiled-choices-" + std::to_string(std::rand()) + "-" + std::to_string(reinterpret_cast<uintptr_t>(&folder)));
    fs::create_directories(folder);
    test_file(folder);
    test_damaged_files(folder);
    fs::remove_all(folder);
    test_folder();
    test_staging();
    test_large_stages();
    return check::result();
}
