// Who computes a direction of a convolution stage, and with which of cuDNN's algorithms: everything about it that needs no device.
#pragma once

#include "compiled.h"

#include <cstdint>
#include <string>
#include <vector>

namespace compiled::cuda::cudnn {

// Of a CUDNN_VERSION: 8 or 9; 0 for versions that are neither. The numbers changed scale: 8.9.7 is 8907, 9.1.0 is 90100.
int major_version(int64_t version);

// What is chosen for: forward, or both gradients together.
enum class Direction { Forward, Backward };

// What cuDNN is asked for.
enum class Product { Forward, InputGradient, KernelGradient };

// In cuDNN's numbers.
struct Algorithm {
    int number = 0;
    int math = 0; // cudnnMathType_t

    bool operator==(const Algorithm& other) const { return number == other.number && math == other.math; }
};

// What cuDNN says of an algorithm for a product.
struct Offer {
    int number;
    int math;
    bool works;
    bool deterministic;
    int64_t bytes; // of workspace
};

// The offers that may be taken, in their order.
//
// Only sums of the products themselves, in a fixed order: implicit and explicit matrix products. The algorithms that add in an order of
// their own are refused by number, because cuDNN did not always say so; transforms (Winograd, FFT) because their error is larger than that
// of a float32 sum. float32 must be multiplied in float32: what wants tensor cores is refused, what leaves it open is told not to. With
// TF32 both are good, but not factors in half precision.
std::vector<Algorithm> acceptable(Product product, int32_t precision, const std::vector<Offer>& offers, int64_t most_bytes);

// The same for one whose number comes from elsewhere.
bool is_acceptable(Product product, int32_t precision, Algorithm algorithm);

// The products of a direction, in the order of a Choice's algorithms.
std::vector<Product> products_of(const cn_conv2d_desc& desc, Direction direction);

struct Choice {
    bool cudnn = false;                // else the library's own kernels
    std::vector<Algorithm> algorithms; // of cuDNN's products

    bool operator==(const Choice& other) const { return cudnn == other.cudnn && algorithms == other.algorithms; }
};

// "own", or "cudnn 1/3 1/3": number and math of each algorithm.
std::string to_text(const Choice& choice);
// False: no such text, or not acceptable for the stage.
bool parse_choice(const std::string& text, const cn_conv2d_desc& desc, Direction direction, Choice& choice);

// What stands for a stage in the file of choices: all of the descriptor that matters to speed.
std::string stage_key(const cn_conv2d_desc& desc, Direction direction);

// The environment variable COMPILED_CUDA_TUNING.
enum class Tuning {
    Off,   // the rule alone
    Cache, // what the file says, else the rule
    On     // what the file says, else a contest, whose result goes into the file
};

// Null or "": Cache. Throws for what is none of off, cache and on.
Tuning tuning_of(const char* value);

// The rule where nothing was measured: cuDNN only for what the tiled kernels are not made for.
bool prefers_cudnn(bool tiled);

struct Entrant {
    double milliseconds;
    int64_t bytes; // of scratch memory
};

// The fastest; of those that are hardly slower (1 %) the one that needs the least memory, the first of equals.
size_t fastest(const std::vector<Entrant>& entrants);

} // namespace compiled::cuda::cudnn
