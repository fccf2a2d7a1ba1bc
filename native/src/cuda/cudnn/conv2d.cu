#include "conv2d.h"

namespace compiled::cuda::cudnn {

namespace {

// One part in so many of the device's memory may be scratch memory of a stage, beside that of an op that the stage works for.
constexpr int64_t MemoryShare = 8;

} // namespace

std::unique_ptr<CudnnConv2D> CudnnConv2D::make(Context& context, const cn_conv2d_desc& desc) {
    Handle* handle = Staging::suits(desc) ? handle_of(context) : nullptr;
    if (handle == nullptr) {
        return nullptr;
    }
    try {
        return std::make_unique<CudnnConv2D>(context, *handle, desc);
    } catch (const Error& error) {
        if (error.status() != CN_STATUS_UNSUPPORTED) {
            throw;
        }
        return nullptr; // cuDNN refuses the shapes
    }
}

CudnnConv2D::CudnnConv2D(Context& context, Handle& handle, const cn_conv2d_desc& desc)
    : _context(context), _handle(handle), _desc(desc), _staging(desc), _shape(desc, _staging), _bias(desc),
      _convolution(handle, desc, _staging), _tickets(_bias.tiles * static_cast<int64_t>(sizeof(unsigned)), context.stream()),
      _most_bytes(context.memory().total_bytes / MemoryShare) {}

int64_t CudnnConv2D::staging_bytes(Direction direction) const {
    return direction == Direction::Forward ? _staging.forward_bytes() : _staging.backward_bytes() + float_bytes(_bias.partial_floats());
}

// The products of a direction follow each other, so they share it.
int64_t CudnnConv2D::workspace_bytes(Direction direction) const {
    int64_t bytes = 0;
    for (Product product : products_of(_desc, direction)) {
        bytes = std::max(bytes, _convolution.workspace_bytes(product));
    }
    return bytes;
}

int64_t CudnnConv2D::scratch_bytes(Direction direction) const {
    return staging_bytes(direction) + workspace_bytes(direction);
}

std::vector<Choice> CudnnConv2D::choices(Direction direction) const {
    int64_t most_bytes = _most_bytes - staging_bytes(direction);
    if (most_bytes < 0) {
        return {};
    }
    std::vector<Choice> choices{{true, {}}};
    for (Product product : products_of(_desc, direction)) {
        std::vector<Choice> longer;
        for (const Choice& choice : choices) {
            for (Algorithm algorithm : acceptable(product, _desc.precision, _convolution.offers(product, _desc.precision), most_bytes)) {
                longer.push_back(choice);
                longer.back().algorithms.push_back(algorithm);
            }
        }
        choices = std::move(longer);
    }
    return choices;
}

bool CudnnConv2D::prepare(Direction direction, const Choice& choice) {
    std::vector<Product> products = products_of(_desc, direction);
    for (size_t i = 0; i < products.size(); ++i) {
        if (!_convolution.use(products[i], choice.algorithms[i])) {
            return false;
        }
    }
    return scratch_bytes(direction) <= _most_bytes && tries(direction);
}

bool CudnnConv2D::tries(Direction direction) {
    try {
        _context.reserve_scratch(scratch_bytes(direction));
    } catch (const Error& error) {
        if (error.status() != CN_STATUS_OUT_OF_MEMORY) {
            throw;
        }
        return false; // other kernels need less
    }
    bool works = multiply(direction, parts(direction), true);
    check(cudaStreamSynchronize(_context.stream()), "a convolution by cuDNN");
    return works;
}

CudnnConv2D::Parts CudnnConv2D::parts(Direction direction) {
    char* next = _context.scratch<char>();
    auto take = [&](int64_t floats) {
        char* part = next;
        next += float_bytes(floats);
        return reinterpret_cast<float*>(part);
    };
    Parts parts{};
    parts.kernel = take(_staging.kernel);
    parts.input = take(_staging.input);
    parts.conv = take(_staging.conv);
    if (direction == Direction::Backward) {
        parts.dkernel = take(_staging.kernel);
        parts.partials = take(_bias.partial_floats());
    }
    parts.workspace = next;
    return parts;
}

// The input's gradient takes the place of the input, which the kernel's has read by then.
bool CudnnConv2D::multiply(Direction direction, const Parts& parts, bool wants_kernel_gradient) {
    if (_context.scratch<char>() == nullptr) {
        return false; // it is lost, as the launch before has noted
    }
    if (direction == Direction::Forward) {
        return _convolution.run(Product::Forward, parts.input, parts.kernel, parts.conv, parts.workspace);
    }
    bool works =
        !wants_kernel_gradient || _convolution.run(Product::KernelGradient, parts.input, parts.conv, parts.dkernel, parts.workspace);
    if (works && wants_input_gradient()) {
        works = _convolution.run(Product::InputGradient, parts.conv, parts.kernel, parts.input, parts.workspace);
    }
    return works;
}

void CudnnConv2D::forward(const cn_state* state, const float* x, const float* kernel, const float* bias, const float* addend, float* y,
                          uint8_t* codes, bool training) {
    Parts p = parts(Direction::Forward);
    PrepareArguments before{};
    before.x = x, before.kernel = kernel;
    before.staged_x = p.input, before.turned_kernel = p.kernel;
    launch_prepare(_context, state, _shape, before);
    if (!multiply(Direction::Forward, p, false)) {
        note_failure(CN_STATUS_INTERNAL, "cuDNN refused a convolution that it was tried with");
    }
    EpilogueArguments after{};
    after.z = p.conv, after.bias = bias, after.addend = addend, after.y = y, after.codes = training ? codes : nullptr;
    after.drops = training && _desc.dropout_rate > 0;
    launch_epilogue(_context, state, _shape, after);
}

void CudnnConv2D::backward(const cn_state* state, const float* x, const float* kernel, const float* y, const uint8_t* codes,
                           const float* dy, float* dx, float* dkernel, float* dbias) {
    Parts p = parts(Direction::Backward);
    PrepareArguments before{};
    before.x = x, before.kernel = kernel, before.y = y, before.dy = dy;
    before.codes = _desc.pool.height != 0 ? codes : nullptr;
    before.staged_x = dkernel != nullptr ? p.input : nullptr, before.dz = p.conv;
    before.turned_kernel = wants_input_gradient() ? p.kernel : nullptr;
    launch_prepare(_context, state, _shape, before);
    if (!multiply(Direction::Backward, p, dkernel != nullptr)) {
        note_failure(CN_STATUS_INTERNAL, "cuDNN refused a gradient that it was tried with");
    }
    FinishArguments after{};
    after.turned_dkernel = p.dkernel, after.dz = p.conv;
    after.staged_dx = wants_input_gradient() ? p.input : nullptr;
    after.dkernel = dkernel, after.dx = dx, after.dbias = _desc.use_bias != 0 ? dbias : nullptr;
    after.partials = p.partials, after.tickets = static_cast<unsigned*>(_tickets.data());
    after.accumulates = _desc.input_gradient == CN_GRADIENT_ACCUMULATE;
    launch_finish(_context, state, _shape, _bias, after);
}

} // namespace compiled::cuda::cudnn
