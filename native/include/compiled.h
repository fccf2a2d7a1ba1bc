/*
 * compiled.h: the whole C interface between the generated C# and the native kernels.
 *
 * Conventions, everywhere in this file
 *   status     Every function returns cn_status, 0 on success; results leave through out-pointers, untouched on failure.
 *              cn_last_error() has the reason in words. No function throws, aborts or prints.
 *   layout     Activations are NHWC, convolution kernels HWIO (height, width, in, out), dense kernels [in, out]; row-major,
 *              float32 unless said otherwise.
 *   memory     "Device" pointers lie in buffers made by cn_buffer_create. Host pointers are named host_...
 *   gradients  An op overwrites the gradients it produces. The gradients of its inputs alone can instead be left out or added
 *              to what is there: see cn_gradient_mode; that is how the branches of a graph join.
 *   ops        An op is created once from its descriptor: that is where everything is validated, chosen and allocated.
 *              Running it only computes. The ops of one context run one at a time: a second thread is refused. Creating and
 *              destroying, on any thread, wait for the op that runs.
 *   results    Reductions have a fixed order: results depend neither on the number of threads nor on timing.
 *   time       A device may run an op after the call has returned, always in the order of the calls. What goes wrong then, a later call
 *              returns; cn_buffer_read, cn_feed_next and cn_context_synchronize wait.
 *   sizes      int64_t. Extents, and what a window reaches over, are from 1 to 2^31 - 1; a tensor has at most 2^50 elements, as has an
 *              image with all the padding that its windows ask for; the window of a convolution or of an average pooling has
 *              at most 2^20 cells.
 */
#ifndef COMPILED_H
#define COMPILED_H

#include <stdint.h>

#if defined(_WIN32)
#if defined(COMPILED_BUILD)
#define CN_API __declspec(dllexport)
#else
#define CN_API __declspec(dllimport)
#endif
#else
#define CN_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------------------------------
 * Status
 * --------------------------------------------------------------------------------------------------------------- */

typedef int32_t cn_status;

enum cn_status_code {
    CN_STATUS_OK = 0,
    CN_STATUS_INVALID_ARGUMENT = 1, /* the caller's values: nothing was changed */
    CN_STATUS_OUT_OF_MEMORY = 2,    /* recoverable: free something or ask for less */
    CN_STATUS_UNSUPPORTED = 3,      /* valid, but not on this device or in this build */
    CN_STATUS_DEVICE_FAILED = 4,    /* the device is lost to this process */
    CN_STATUS_INTERNAL = 5          /* a fault of this library */
};

/* The reason of the last failure on the calling thread, UTF-8, never null; valid until the next call on this thread. */
CN_API const char* cn_last_error(void);

/* ------------------------------------------------------------------------------------------------------------------
 * Version and layout
 * --------------------------------------------------------------------------------------------------------------- */

/* Raised with every change of a function or of a struct in this file. */
#define CN_ABI_VERSION 9

/* The CN_ABI_VERSION with which the library was built. */
CN_API cn_status cn_abi_version(uint32_t* version);

/*
 * What the library believes about this file, as UTF-8 lines: "struct NAME SIZE", after it one "field NAME OFFSET SIZE" for each
 * of its members, and "function NAME" for each export. Writes at most `capacity` bytes with a closing zero; `length` receives the
 * full length without it. `host_text` may be null when `capacity` is 0.
 */
CN_API cn_status cn_layout_report(char* host_text, int64_t capacity, int64_t* length);

/* ------------------------------------------------------------------------------------------------------------------
 * Context: a device, its threads and its scratch memory
 * --------------------------------------------------------------------------------------------------------------- */

typedef struct cn_context cn_context;

enum cn_device { CN_DEVICE_CPU = 0, CN_DEVICE_CUDA = 1 };

enum cn_instruction_set {
    CN_INSTRUCTION_SET_BEST = 0,     /* the widest that this processor has */
    CN_INSTRUCTION_SET_BASELINE = 1, /* 4 lanes: SSE2 on x86-64, NEON on AArch64 */
    CN_INSTRUCTION_SET_AVX2 = 2,     /* 8 lanes, with FMA */
    CN_INSTRUCTION_SET_AVX512 = 3,   /* 16 lanes */
    CN_INSTRUCTION_SET_WIDE = 4      /* the 16-lane code on any processor, slowly: only in test builds */
};

typedef struct cn_context_desc {
    uint32_t struct_size;
    int32_t device;          /* cn_device */
    int32_t ordinal;         /* which device of its kind; 0 for the CPU */
    int32_t threads;         /* CPU threads, the calling one included; 0 = all processors; at most 1024 */
    int32_t instruction_set; /* cn_instruction_set, CPU only */
    int32_t reserved;        /* 0 */
} cn_context_desc;

typedef struct cn_context_info {
    uint32_t struct_size; /* set by the caller */
    int32_t device;
    int32_t threads;
    int32_t instruction_set; /* the one in use, never CN_INSTRUCTION_SET_BEST */
    int64_t buffer_bytes;    /* bytes held by the buffers of this context */
    int64_t scratch_bytes;   /* bytes of scratch memory that its ops share */
    int64_t total_bytes;     /* memory of the device; 0 where the library does not know, as on the CPU */
    int64_t free_bytes;      /* what of it no process holds at the moment */
    int32_t records_graphs;  /* whether cn_graph_begin is supported */
    int32_t reserved;        /* 0 */
} cn_context_info;

/*
 * Makes a context. CN_STATUS_UNSUPPORTED when the device or the instruction set is not there; the message says why.
 *
 * The CUDA backend is a library of its own, loaded by the first context that asks for it: libcompiled_cuda.so (compiled_cuda.dll) from the
 * directory of this library, or the file that the environment variable COMPILED_CUDA_LIBRARY names. COMPILED_CUDA_GRAPHS=off makes it run
 * op by op, without graphs.
 *
 * Convolutions use cuDNN 8 or 9 where it can be loaded and is the better choice. COMPILED_CUDNN_LIBRARY names its file: then creating a
 * convolution fails if that cannot be used. COMPILED_CUDNN=off leaves it out. COMPILED_CUDA_TUNING says how the choice is made when an op
 * is created: "off" by a built-in rule; "cache" (the default) by what earlier contests have found for the shape, else by the rule; "on" by
 * a contest where none was held before, by time, whose result is kept in XDG_CACHE_HOME/compiled (~/.cache/compiled, on Windows
 * LOCALAPPDATA\compiled). Each choice is deterministic; different choices differ in rounding.
 */
CN_API cn_status cn_context_create(const cn_context_desc* desc, cn_context** context);
CN_API cn_status cn_context_get_info(cn_context* context, cn_context_info* info);

/* A name for people ("AMD EPYC 7B13, AVX2, 2 threads"); the text protocol of cn_layout_report. */
CN_API cn_status cn_context_describe(cn_context* context, char* host_text, int64_t capacity, int64_t* length);

/* Waits until everything asked of the device is done. */
CN_API cn_status cn_context_synchronize(cn_context* context);

/* Frees the context once its last op and buffer are gone. Accepts null. */
CN_API cn_status cn_context_destroy(cn_context* context);

/* ------------------------------------------------------------------------------------------------------------------
 * Buffers
 * --------------------------------------------------------------------------------------------------------------- */

typedef struct cn_buffer cn_buffer;

/* `bytes` zeroed bytes of device memory, aligned to 64. */
CN_API cn_status cn_buffer_create(cn_context* context, int64_t bytes, cn_buffer** buffer);
/* The device address of the first byte; on the CPU it can be read and written directly. */
CN_API cn_status cn_buffer_address(cn_buffer* buffer, void** address);
/* Copies `bytes` bytes from the host to the buffer, from byte `offset` on; returns when the host memory may change again. */
CN_API cn_status cn_buffer_write(cn_buffer* buffer, int64_t offset, const void* host_source, int64_t bytes);
/* Copies `bytes` bytes of the buffer, from byte `offset` on, to the host, after everything asked of the device before. */
CN_API cn_status cn_buffer_read(cn_buffer* buffer, int64_t offset, void* host_target, int64_t bytes);
/* Zeroes `bytes` bytes from byte `offset` on. */
CN_API cn_status cn_buffer_clear(cn_buffer* buffer, int64_t offset, int64_t bytes);
/* Accepts null. */
CN_API cn_status cn_buffer_destroy(cn_buffer* buffer);

/* ------------------------------------------------------------------------------------------------------------------
 * Feed: batches on their way from the host into a buffer
 * --------------------------------------------------------------------------------------------------------------- */

/*
 * A ring of host areas of `bytes` bytes, the contents of which go to the bytes of `buffer` from `offset` on. While one area is on its way
 * the next can be filled. On the CPU the only area is the target itself.
 */
typedef struct cn_feed cn_feed;

/* `areas` is from 1 to 64. The feed keeps the memory of the buffer alive. */
CN_API cn_status cn_feed_create(cn_buffer* buffer, int64_t offset, int64_t bytes, int32_t areas, cn_feed** feed);
/* The area to fill next, aligned to 64. Waits until what was sent from it before has arrived; its contents are undefined. */
CN_API cn_status cn_feed_next(cn_feed* feed, void** area);
/* Sends the first `bytes` bytes of the area that cn_feed_next gave last, after everything asked of the device before. */
CN_API cn_status cn_feed_send(cn_feed* feed, int64_t bytes);
/* Accepts null. */
CN_API cn_status cn_feed_destroy(cn_feed* feed);

/* ------------------------------------------------------------------------------------------------------------------
 * Graph: runs that are recorded once and repeated as one call
 * --------------------------------------------------------------------------------------------------------------- */

/*
 * Between cn_graph_begin and cn_graph_end the runs of ops are recorded, with their pointers, instead of done. The thread that called
 * cn_graph_begin may ask nothing else of the context meanwhile but to destroy; what other threads ask waits for cn_graph_end, except for
 * runs, which are recorded. What the values in memory are when a graph is launched is what counts then: cn_state above all.
 */
typedef struct cn_graph cn_graph;

typedef struct cn_graph_info {
    uint32_t struct_size; /* set by the caller */
    int32_t reserved;     /* 0 */
    int64_t nodes;        /* of all kinds: kernels, copies, clearings */
    int64_t kernels;
} cn_graph_info;

/* CN_STATUS_UNSUPPORTED where the device records none; see cn_context_info.records_graphs. */
CN_API cn_status cn_graph_begin(cn_context* context);
/* Ends the recording, also when it fails: then there is no graph, and the runs were not done. */
CN_API cn_status cn_graph_end(cn_context* context, cn_graph** graph);
CN_API cn_status cn_graph_get_info(cn_graph* graph, cn_graph_info* info);
/* Does the recorded runs once more. The ops and buffers that it uses must still be there. */
CN_API cn_status cn_graph_launch(cn_graph* graph);
/* Accepts null. */
CN_API cn_status cn_graph_destroy(cn_graph* graph);

/* ------------------------------------------------------------------------------------------------------------------
 * State of a training run, in device memory
 * --------------------------------------------------------------------------------------------------------------- */

/*
 * Read by every op when it runs. `rows` is the number of samples in this batch, from 1 to the batch the ops were created for; rows
 * beyond it are neither read nor written.
 */
typedef struct cn_state {
    uint64_t seed;    /* key of every random stream */
    uint64_t step;    /* finished training steps: chooses the dropout masks */
    uint64_t updates; /* finished updates of the optimizer in use */
    int64_t rows;
    double learning_rate;
} cn_state;

/* Sums over samples since the caller last cleared them. Means are `loss` / `count` and `correct` / `count`. */
typedef struct cn_metrics {
    double loss;    /* sum of the loss values */
    double correct; /* number of hits, by cn_accuracy */
    double count;   /* number of loss values */
} cn_metrics;

/* Where in a pass over a data set the next batch begins. */
typedef struct cn_cursor {
    int64_t position; /* from 0 */
} cn_cursor;

/* ------------------------------------------------------------------------------------------------------------------
 * Ops
 * --------------------------------------------------------------------------------------------------------------- */

typedef struct cn_op cn_op;

/* Accepts null. */
CN_API cn_status cn_op_destroy(cn_op* op);

/* What a backward call does with the gradient of an input. */
enum cn_gradient_mode {
    CN_GRADIENT_NONE = 0, /* not wanted; the pointer is null */
    CN_GRADIENT_OVERWRITE = 1,
    CN_GRADIENT_ACCUMULATE = 2
};

/* How the products of convolutions and dense stages are computed; sums are float32 always. The CPU computes all of them in float32. */
enum cn_precision {
    CN_PRECISION_FLOAT32 = 0,
    CN_PRECISION_TF32 = 1,    /* factors rounded to 10 bits of mantissa */
    CN_PRECISION_BFLOAT16 = 2 /* factors rounded to 7 bits of mantissa */
};

/*
 * Activations. The derivative of the first group is taken from y: they may end any stage. At a kink it is the one to the left of it, at the
 * bounds of a clipped function 0, also within a millionth of them. The second group needs x for it: they are ops of their own.
 * NaN gives NaN. Behind a NaN of a piecewise linear function the gradient passes.
 * `alpha` is a parameter of those that name it, finite and at least 0; else it is 0.
 */
enum cn_activation {
    CN_ACTIVATION_LINEAR = 0,
    CN_ACTIVATION_RELU = 1,    /* max(x, 0) */
    CN_ACTIVATION_SIGMOID = 2, /* 1 / (1 + exp(-x)) */
    CN_ACTIVATION_TANH = 3,
    CN_ACTIVATION_ELU = 4,             /* x > 0: x; else alpha (exp(x) - 1) */
    CN_ACTIVATION_SELU = 5,            /* 1.0507009873554805 times elu of alpha 1.6732632423543772 */
    CN_ACTIVATION_SOFTPLUS = 6,        /* log(1 + exp(x)) */
    CN_ACTIVATION_SOFTSIGN = 7,        /* x / (1 + |x|) */
    CN_ACTIVATION_HARD_SIGMOID = 8,    /* 0.2 x + 0.5 within [0, 1] */
    CN_ACTIVATION_EXPONENTIAL = 9,     /* exp(x) */
    CN_ACTIVATION_LEAKY_RELU = 10,     /* x > 0: x; else alpha x */
    CN_ACTIVATION_RELU6 = 11,          /* x within [0, 6] */
    CN_ACTIVATION_CELU = 12,           /* x > 0: x; else alpha (exp(x / alpha) - 1); alpha is at least 1e-30 */
    CN_ACTIVATION_HARD_TANH = 13,      /* x within [-1, 1] */
    CN_ACTIVATION_LOG_SIGMOID = 14,    /* -log(1 + exp(-x)) */
    CN_ACTIVATION_SQUAREPLUS = 15,     /* (x + sqrt(x^2 + alpha)) / 2 */
    CN_ACTIVATION_SILU = 16,           /* x sigmoid(x) */
    CN_ACTIVATION_GELU = 17,           /* x (1 + erf(x / sqrt(2))) / 2 */
    CN_ACTIVATION_GELU_TANH = 18,      /* x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 */
    CN_ACTIVATION_MISH = 19,           /* x tanh(log(1 + exp(x))) */
    CN_ACTIVATION_HARD_SILU = 20,      /* x times (x + 3) / 6 within [0, 1] */
    CN_ACTIVATION_TANH_SHRINK = 21,    /* x - tanh(x) */
    CN_ACTIVATION_SOFT_SHRINK = 22,    /* x > alpha: x - alpha; x < -alpha: x + alpha; else 0 */
    CN_ACTIVATION_HARD_SHRINK = 23,    /* |x| > alpha: x; else 0 */
    CN_ACTIVATION_SPARSE_PLUS = 24,    /* x >= 1: x; x > -1: (x + 1)^2 / 4; else 0 */
    CN_ACTIVATION_SPARSE_SIGMOID = 25, /* (x + 1) / 2 within [0, 1] */
    CN_ACTIVATION_CLIPPED_RELU = 26,   /* x >= upper: upper; x > threshold: x; else alpha (x - threshold) */
    CN_ACTIVATION_THRESHOLD = 27       /* x > threshold: x; else value */
};

/*
 * A sliding window. Output (i, j) covers input rows i * stride_height - pad_top + k * dilation_height, columns likewise. What lies
 * outside the input is zero to a convolution and absent to a pooling. The output extent says how far windows reach past the bottom and
 * the right edge: rows and columns that nobody reads need not be computed. Windows of a convolution may lie outside as a whole, and a
 * negative padding cuts off a part of its input; else windows begin inside, and the padding is less than they reach over.
 */
typedef struct cn_window {
    int64_t height, width;
    int64_t stride_height, stride_width;
    int64_t dilation_height, dilation_width;
    int64_t pad_top, pad_left;
} cn_window;

/*
 * Dropout. Element e (its row-major index in the whole batch tensor) of a stream is dropped when (r >> 8) < ceil(rate * 2^24), else
 * multiplied by 1 / (1 - rate), where r is word e % 4 of
 *     Philox4x32-10(counter = { low(e / 4), high(e / 4), low(step), stream + 2^16 * (high(step) & 0xFFFF) },
 *                   key = { low(seed), high(seed) }).
 * `rate` is in [0, 1); 0 means no dropout. `stream` is below 2^16. Backward calls draw the mask again or read it from what was saved: the
 * state's seed, step and rows must still be those of the forward call.
 */

/*
 * Gather: a batch from a data set that lies in device memory as a whole, and its targets. Sample i of the batch is sample
 * order[(position + i) % samples] of the data set.
 */
enum cn_gather_input {
    CN_GATHER_INPUT_FLOAT32 = 0,
    CN_GATHER_INPUT_UINT8 = 1 /* each byte times `scale`, in float32 */
};

enum cn_gather_target {
    CN_GATHER_TARGET_FLOAT32 = 0,  /* float targets, as they are */
    CN_GATHER_TARGET_CLASS_ID = 1, /* int32 class numbers, as they are */
    CN_GATHER_TARGET_ONE_HOT = 2   /* one int32 class number in [0, target_count) per sample becomes target_count floats */
};

typedef struct cn_gather_desc {
    uint32_t struct_size;
    int32_t input;        /* cn_gather_input */
    int64_t batch;        /* at most `samples` */
    int64_t samples;      /* of the data set, at most 2^31 - 1 */
    int64_t input_count;  /* elements of an input */
    int64_t target_count; /* elements of a target */
    int32_t target;       /* cn_gather_target */
    float scale;          /* finite */
} cn_gather_desc;

CN_API cn_status cn_gather_create(cn_context* context, const cn_gather_desc* desc, cn_op** op);
/*
 * Writes rows inputs to x and rows targets to t, then adds rows to cursor->position. An entry of `order` outside [0, samples) gives NaN,
 * and the class number -1; a class number outside its range gives all zeros.
 */
CN_API cn_status cn_gather_forward(cn_op* op, const cn_state* state, const void* inputs, const void* targets, const int32_t* order,
                                   cn_cursor* cursor, float* x, void* t);

/* Element-wise activation: y = f(x). */
typedef struct cn_activation_desc {
    uint32_t struct_size;
    int32_t activation;     /* cn_activation */
    int64_t batch, count;   /* samples; elements per sample */
    int32_t input_gradient; /* cn_gradient_mode */
    float alpha;
    float upper;      /* CN_ACTIVATION_CLIPPED_RELU, else 0; not NaN */
    float threshold;  /* CN_ACTIVATION_CLIPPED_RELU and CN_ACTIVATION_THRESHOLD, else 0; finite */
    float value;      /* CN_ACTIVATION_THRESHOLD, else 0; finite */
    int32_t reserved; /* 0 */
} cn_activation_desc;

CN_API cn_status cn_activation_create(cn_context* context, const cn_activation_desc* desc, cn_op** op);
/* y may be x. */
CN_API cn_status cn_activation_forward(cn_op* op, const cn_state* state, const float* x, float* y);
/* x is null where the derivative is taken from y, and y where it is taken from x. dx may be dy when it is overwritten. */
CN_API cn_status cn_activation_backward(cn_op* op, const cn_state* state, const float* x, const float* y, const float* dy, float* dx);

/*
 * Softmax over the last axis, and what is made like it. A NaN or an infinity that leaves no finite maximum makes NaN of its row; the minus
 * infinities of another row have no share in it.
 */
enum cn_softmax_function {
    CN_SOFTMAX_FUNCTION_SOFTMAX = 0,     /* y = exp(x - max) / sum; dx = y * (dy - sum(dy * y)) */
    CN_SOFTMAX_FUNCTION_LOG_SOFTMAX = 1, /* y = x - max - log(sum of exp(x - max)); dx = dy - exp(y) * sum(dy) */
    CN_SOFTMAX_FUNCTION_SPARSEMAX = 2    /* y = max(x - tau, 0) with the tau that makes their sum 1; where y > 0, dx = dy - the mean of dy
                                            where y > 0, else 0 (Martins and Astudillo, 2016) */
};

typedef struct cn_softmax_desc {
    uint32_t struct_size;
    int32_t input_gradient;            /* cn_gradient_mode */
    int64_t batch, positions, classes; /* x and y are [batch, positions, classes] */
    int32_t function;                  /* cn_softmax_function */
    int32_t reserved;                  /* 0 */
} cn_softmax_desc;

CN_API cn_status cn_softmax_create(cn_context* context, const cn_softmax_desc* desc, cn_op** op);
/* y may be x. */
CN_API cn_status cn_softmax_forward(cn_op* op, const cn_state* state, const float* x, float* y);
CN_API cn_status cn_softmax_backward(cn_op* op, const cn_state* state, const float* y, const float* dy, float* dx);

/* Gated linear unit (Dauphin et al., 2017): the first half of each position times the sigmoid of the second, y = a * sigmoid(b). */
typedef struct cn_glu_desc {
    uint32_t struct_size;
    int32_t input_gradient;          /* cn_gradient_mode */
    int64_t batch, positions, units; /* x is [batch, positions, 2 * units], y [batch, positions, units] */
} cn_glu_desc;

CN_API cn_status cn_glu_create(cn_context* context, const cn_glu_desc* desc, cn_op** op);
CN_API cn_status cn_glu_forward(cn_op* op, const cn_state* state, const float* x, float* y);
/* da = dy * sigmoid(b), db = dy * a * sigmoid(b) * (1 - sigmoid(b)). */
CN_API cn_status cn_glu_backward(cn_op* op, const cn_state* state, const float* x, const float* dy, float* dx);

/*
 * Dropout alone. In prediction the layer does not exist. With `shared` positions a sample is [shared, count / shared], and all positions of
 * a channel are dropped together: element (position, channel) of sample s by the draw of element s * (count / shared) + channel.
 */
typedef struct cn_dropout_desc {
    uint32_t struct_size;
    float rate;
    int64_t batch, count; /* samples; elements per sample */
    uint32_t stream;
    int32_t input_gradient; /* cn_gradient_mode */
    int64_t shared;         /* 0 or 1: every element has a draw of its own; else `count` is a multiple of it */
} cn_dropout_desc;

CN_API cn_status cn_dropout_create(cn_context* context, const cn_dropout_desc* desc, cn_op** op);
CN_API cn_status cn_dropout_forward(cn_op* op, const cn_state* state, const float* x, float* y);
CN_API cn_status cn_dropout_backward(cn_op* op, const cn_state* state, const float* dy, float* dx);

/* Sum of two to four inputs: y = activation(x_0 + x_1 + ...), added in this order. */
typedef struct cn_add_desc {
    uint32_t struct_size;
    int32_t activation;                                     /* cn_activation of the first group */
    int64_t batch, count;                                   /* samples; elements per sample */
    int32_t inputs;                                         /* 2 to 4 */
    int32_t gradient_0, gradient_1, gradient_2, gradient_3; /* cn_gradient_mode of each input; 0 where there is none */
    float activation_alpha;
} cn_add_desc;

CN_API cn_status cn_add_create(cn_context* context, const cn_add_desc* desc, cn_op** op);
/* Inputs that do not exist are null. One pointer may stand for several inputs; y may be any of them. */
CN_API cn_status cn_add_forward(cn_op* op, const cn_state* state, const float* x_0, const float* x_1, const float* x_2, const float* x_3,
                                float* y);
/*
 * Each gradient is activation'(y) * dy. One pointer may stand for several gradients if all but the first are added to it. Those that are
 * overwritten may be dy. y may be null where the activation is linear.
 */
CN_API cn_status cn_add_backward(cn_op* op, const cn_state* state, const float* y, const float* dy, float* dx_0, float* dx_1, float* dx_2,
                                 float* dx_3);

/* Two to four inputs side by side: y [batch, outer, sum of lengths] from x_i [batch, outer, length_i]. */
typedef struct cn_concatenate_desc {
    uint32_t struct_size;
    int32_t inputs; /* 2 to 4 */
    int64_t batch, outer;
    int64_t length_0, length_1, length_2, length_3;         /* 0 where there is no input; their sum is at most 2^31 - 1 */
    int32_t gradient_0, gradient_1, gradient_2, gradient_3; /* cn_gradient_mode of each input; 0 where there is none */
} cn_concatenate_desc;

CN_API cn_status cn_concatenate_create(cn_context* context, const cn_concatenate_desc* desc, cn_op** op);
/* Inputs that do not exist are null. One pointer may stand for several inputs. */
CN_API cn_status cn_concatenate_forward(cn_op* op, const cn_state* state, const float* x_0, const float* x_1, const float* x_2,
                                        const float* x_3, float* y);
/* One pointer may stand for several gradients if all but the first are added to it. */
CN_API cn_status cn_concatenate_backward(cn_op* op, const cn_state* state, const float* dy, float* dx_0, float* dx_1, float* dx_2,
                                         float* dx_3);

/* Zero padding and cropping: y[i, j] = x[i - pad_top, j - pad_left], and 0 outside of x. */
typedef struct cn_padding2d_desc {
    uint32_t struct_size;
    int32_t input_gradient; /* cn_gradient_mode */
    int64_t batch;
    int64_t input_height, input_width, channels;
    int64_t output_height, output_width;
    int64_t pad_top, pad_left; /* negative: so many rows or columns are cut off; a row and a column of x are left at least */
} cn_padding2d_desc;

CN_API cn_status cn_padding2d_create(cn_context* context, const cn_padding2d_desc* desc, cn_op** op);
CN_API cn_status cn_padding2d_forward(cn_op* op, const cn_state* state, const float* x, float* y);
/* The gradient of what was cut off is 0. */
CN_API cn_status cn_padding2d_backward(cn_op* op, const cn_state* state, const float* dy, float* dx);

enum cn_interpolation {
    CN_INTERPOLATION_NEAREST = 0, /* every input is repeated */
    CN_INTERPOLATION_BILINEAR = 1 /* output o lies at input (o + 0.5) / factor - 0.5, and no further out than the outermost inputs */
};

/* Up-sampling by whole factors: y [batch, input_height * factor_height, input_width * factor_width, channels]. */
typedef struct cn_upsampling2d_desc {
    uint32_t struct_size;
    int32_t input_gradient; /* cn_gradient_mode */
    int64_t batch;
    int64_t input_height, input_width, channels;
    int64_t factor_height, factor_width;
    int32_t interpolation; /* cn_interpolation */
    int32_t reserved;      /* 0 */
} cn_upsampling2d_desc;

CN_API cn_status cn_upsampling2d_create(cn_context* context, const cn_upsampling2d_desc* desc, cn_op** op);
CN_API cn_status cn_upsampling2d_forward(cn_op* op, const cn_state* state, const float* x, float* y);
CN_API cn_status cn_upsampling2d_backward(cn_op* op, const cn_state* state, const float* dy, float* dx);

/*
 * Gaussian noise: y = x + stddev * n; in prediction the layer does not exist. The normal numbers n of four elements come from the Philox
 * block that a dropout of the stream would have for them: with u(r) = (r >> 8) * 2^-24, words a, b give the first and the second element
 *     sqrt(-2 log(u(a) + 2^-24)) * cos(2 pi u(b)) and sqrt(-2 log(u(a) + 2^-24)) * sin(2 pi u(b)),
 * words c, d the other two. Devices agree to a few units in the last place.
 */
typedef struct cn_gaussian_noise_desc {
    uint32_t struct_size;
    float stddev;           /* finite, at least 0 */
    int64_t batch, count;   /* samples; elements per sample */
    uint32_t stream;        /* below 2^16 */
    int32_t input_gradient; /* cn_gradient_mode */
} cn_gaussian_noise_desc;

CN_API cn_status cn_gaussian_noise_create(cn_context* context, const cn_gaussian_noise_desc* desc, cn_op** op);
/* y may be x. */
CN_API cn_status cn_gaussian_noise_forward(cn_op* op, const cn_state* state, const float* x, float* y);
CN_API cn_status cn_gaussian_noise_backward(cn_op* op, const cn_state* state, const float* dy, float* dx);

/* Max pooling. The first maximum of a window in row-major order, or the first NaN, receives the gradient. */
typedef struct cn_max_pooling2d_desc {
    uint32_t struct_size;
    int32_t input_gradient; /* cn_gradient_mode */
    int64_t batch;
    int64_t input_height, input_width, channels;
    int64_t output_height, output_width;
    cn_window window; /* at most 254 cells; dilation 1; every window holds at least one input cell */
} cn_max_pooling2d_desc;

CN_API cn_status cn_max_pooling2d_create(cn_context* context, const cn_max_pooling2d_desc* desc, cn_op** op);
/* `codes`, one byte per element of y: the winning cell of its window, row-major. Null when nothing is saved (prediction). */
CN_API cn_status cn_max_pooling2d_forward(cn_op* op, const cn_state* state, const float* x, float* y, uint8_t* codes);
CN_API cn_status cn_max_pooling2d_backward(cn_op* op, const cn_state* state, const uint8_t* codes, const float* dy, float* dx);

/* Average pooling: the mean of the input cells of a window. What lies outside the input is not counted. */
typedef struct cn_average_pooling2d_desc {
    uint32_t struct_size;
    int32_t input_gradient; /* cn_gradient_mode */
    int64_t batch;
    int64_t input_height, input_width, channels;
    int64_t output_height, output_width;
    cn_window window; /* at most 2^20 cells; dilation 1; every window holds at least one input cell */
} cn_average_pooling2d_desc;

CN_API cn_status cn_average_pooling2d_create(cn_context* context, const cn_average_pooling2d_desc* desc, cn_op** op);
CN_API cn_status cn_average_pooling2d_forward(cn_op* op, const cn_state* state, const float* x, float* y);
CN_API cn_status cn_average_pooling2d_backward(cn_op* op, const cn_state* state, const float* dy, float* dx);

enum cn_global_pooling { CN_GLOBAL_POOLING_AVERAGE = 0, CN_GLOBAL_POOLING_MAX = 1 };

/*
 * Global pooling over the positions of a sample: x [batch, positions, channels] becomes y [batch, channels]. The first maximum of a
 * channel, or its first NaN, receives the gradient.
 */
typedef struct cn_global_pooling2d_desc {
    uint32_t struct_size;
    int32_t input_gradient;             /* cn_gradient_mode */
    int64_t batch, positions, channels; /* at most 2^31 - 1 positions */
    int32_t pooling;                    /* cn_global_pooling */
    int32_t reserved;                   /* 0 */
} cn_global_pooling2d_desc;

CN_API cn_status cn_global_pooling2d_create(cn_context* context, const cn_global_pooling2d_desc* desc, cn_op** op);
/*
 * `indices` [batch, channels]: the position of each maximum. Null where averages are taken, and when nothing is saved (prediction). One
 * that `backward` is given outside [0, positions) receives nothing.
 */
CN_API cn_status cn_global_pooling2d_forward(cn_op* op, const cn_state* state, const float* x, float* y, int32_t* indices);
CN_API cn_status cn_global_pooling2d_backward(cn_op* op, const cn_state* state, const int32_t* indices, const float* dy, float* dx);

/*
 * Batch normalization stage: y = dropout(max_pooling(activation(gamma * (x - mean) / sqrt(variance + epsilon) + beta + addend))), or the
 * mean of that activation over the positions of a sample. In training the mean and the variance, without Bessel's correction, are those
 * of the rows * positions values that a channel has in the batch; a frozen stage, and prediction, take the moving ones instead. A NaN
 * makes NaN of its channel.
 * Shapes: x, addend and y [batch, positions, channels]; with pooling x is [batch, height, width, channels] and y [batch, output_height,
 * output_width, channels]; with global_average y is [batch, channels]; all else [channels].
 */
typedef struct cn_batch_normalization_desc {
    uint32_t struct_size;
    int32_t activation; /* cn_activation of the first group */
    int64_t batch, positions, channels;
    float epsilon;                       /* at least 0, finite */
    float momentum;                      /* in [0, 1] */
    int32_t use_scale;                   /* 0: gamma and dgamma are null, gamma counts as 1 */
    int32_t use_center;                  /* 0: beta and dbeta are null */
    int32_t frozen;                      /* 1: the moving statistics in training, too; they stay as they are, dgamma and dbeta are null */
    int32_t use_addend;                  /* 0: addend is null */
    int32_t input_gradient;              /* cn_gradient_mode, of dx */
    int32_t addend_gradient;             /* cn_gradient_mode, of daddend; CN_GRADIENT_NONE without addend */
    cn_window pool;                      /* height 0: no pooling; else as in cn_max_pooling2d_desc, and there is no addend */
    int64_t height, width;               /* with pooling: their product is positions; else 0 */
    int64_t output_height, output_width; /* with pooling, else 0 */
    float dropout_rate;                  /* 0: no dropout, as there must be none without pooling */
    uint32_t dropout_stream;
    float activation_alpha;
    int32_t global_average; /* 1: y is a mean over at most 2^31 - 1 positions; no pooling, and the activation is linear or ReLU */
} cn_batch_normalization_desc;

CN_API cn_status cn_batch_normalization_create(cn_context* context, const cn_batch_normalization_desc* desc, cn_op** op);
/*
 * Training. Writes `saved` [2, channels]: the mean and 1 / sqrt(variance + epsilon) that were used. Unless frozen, each moving statistic
 * becomes momentum * itself + (1 - momentum) * the one of the batch. `codes` are those of cn_conv2d_forward; with global_average behind a
 * ReLU they are [batch, positions, channels], one for each element of x: 255 where the ReLU is dead, else 0. `moments` may be those of
 * the same x that cn_conv2d_forward has written, unless frozen; null: they are found here.
 */
CN_API cn_status cn_batch_normalization_forward(cn_op* op, const cn_state* state, const float* x, const float* gamma, const float* beta,
                                                float* moving_mean, float* moving_variance, const float* addend, const double* moments,
                                                float* y, float* saved, uint8_t* codes);
/* Prediction: by the moving statistics, no dropout, nothing saved. */
CN_API cn_status cn_batch_normalization_predict(cn_op* op, const cn_state* state, const float* x, const float* gamma, const float* beta,
                                                const float* moving_mean, const float* moving_variance, const float* addend, float* y);
/*
 * With g = activation'(y) * dy, where pooling and dropout let dy through, or of global_average dy / positions where the codes let it
 * through, and xhat = (x - mean) / sqrt(variance + epsilon): overwrites dgamma with sum(g * xhat) and dbeta with sum(g); dx, by
 * input_gradient, is the gradient through the statistics as well; daddend, by addend_gradient, is g. Frozen, the statistics are constants,
 * and dgamma and dbeta are not made.
 */
CN_API cn_status cn_batch_normalization_backward(cn_op* op, const cn_state* state, const float* x, const float* gamma, const float* saved,
                                                 const float* y, const uint8_t* codes, const float* dy, float* dx, float* daddend,
                                                 float* dgamma, float* dbeta);

/*
 * Multiplies a batch normalization by its moving statistics into the kernel and the bias of what it follows, a convolution or a dense layer
 * without activation: what those then compute is the normalized result, rounded otherwise. Per channel, with factor = gamma /
 * sqrt(moving_variance + epsilon), kernel becomes kernel * factor and bias beta + (bias - moving_mean) * factor.
 * Shapes: kernel [outer, channels, inner], channels being what is normalized, all else [channels].
 */
typedef struct cn_normalization_fold_desc {
    uint32_t struct_size;
    float epsilon; /* at least 0, finite */
    int64_t outer, channels, inner;
    int32_t use_bias;   /* 0: bias is null */
    int32_t use_scale;  /* 0: gamma is null and counts as 1 */
    int32_t use_center; /* 0: beta is null */
    int32_t reserved;   /* 0 */
} cn_normalization_fold_desc;

CN_API cn_status cn_normalization_fold_create(cn_context* context, const cn_normalization_fold_desc* desc, cn_op** op);
/* Overwrites folded_kernel and folded_bias, which may be kernel and bias. */
CN_API cn_status cn_normalization_fold_forward(cn_op* op, const cn_state* state, const float* kernel, const float* bias, const float* gamma,
                                               const float* beta, const float* moving_mean, const float* moving_variance,
                                               float* folded_kernel, float* folded_bias);

/*
 * Layer normalization over the last axis: y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, with the mean and the variance, without
 * Bessel's correction, of the features of a position. A NaN makes NaN of its position.
 * Shapes: x and y [batch, positions, features], gamma and beta [features].
 */
typedef struct cn_layer_normalization_desc {
    uint32_t struct_size;
    int32_t input_gradient; /* cn_gradient_mode */
    int64_t batch, positions, features;
    float epsilon;      /* at least 0, finite */
    int32_t use_scale;  /* 0: gamma and dgamma are null, gamma counts as 1 */
    int32_t use_center; /* 0: beta and dbeta are null */
    int32_t reserved;   /* 0 */
} cn_layer_normalization_desc;

CN_API cn_status cn_layer_normalization_create(cn_context* context, const cn_layer_normalization_desc* desc, cn_op** op);
/* `saved` [2, batch * positions]: the mean and 1 / sqrt(variance + epsilon) of each position. Null when nothing is saved (prediction). */
CN_API cn_status cn_layer_normalization_forward(cn_op* op, const cn_state* state, const float* x, const float* gamma, const float* beta,
                                                float* y, float* saved);
/* Overwrites dgamma and dbeta, but for what is null: then it is not made; dx by input_gradient. */
CN_API cn_status cn_layer_normalization_backward(cn_op* op, const cn_state* state, const float* x, const float* gamma, const float* saved,
                                                 const float* dy, float* dx, float* dgamma, float* dbeta);

/*
 * Convolution stage: y = dropout(max_pooling(activation(conv(x, kernel) + bias))), each part but the convolution optional.
 * Shapes: x [batch, input_height, input_width, input_channels], kernel [window.height, window.width, input_channels / groups, filters],
 * bias [filters]; the convolution gives [batch, conv_height, conv_width, filters], the stage
 * [batch, output_height, output_width, filters]; without pooling the two extents are equal.
 * Groups are neighbouring channels, and as many groups of neighbouring filters, which see those channels alone. With a channel in each
 * the convolution is depthwise: its kernel is also that of Keras, [window.height, window.width, input_channels, filters / input_channels].
 */
typedef struct cn_conv2d_desc {
    uint32_t struct_size;
    int32_t input_gradient; /* cn_gradient_mode */
    int64_t batch;
    int64_t input_height, input_width, input_channels;
    int64_t filters;
    int64_t groups; /* divides input_channels and filters; 0 counts as 1: all filters see all channels */
    int64_t conv_height, conv_width;
    int64_t output_height, output_width;
    cn_window window;
    cn_window pool;     /* height 0: no pooling; else as in cn_max_pooling2d_desc */
    int32_t activation; /* cn_activation of the first group */
    int32_t use_bias;   /* 0: bias and dbias are null */
    float dropout_rate; /* 0: no dropout */
    uint32_t dropout_stream;
    int32_t precision; /* cn_precision */
    float activation_alpha;
    int32_t use_moments; /* 0: moments is null; 1: y is the convolution with its bias alone, and training gives its moments, too */
    int32_t reserved;    /* 0 */
} cn_conv2d_desc;

CN_API cn_status cn_conv2d_create(cn_context* context, const cn_conv2d_desc* desc, cn_op** op);
/*
 * Training. `codes`, one byte per element of y, belongs to stages with pooling (else null): what `backward` needs to know of the
 * window and of the dropout. Its meaning is the backend's own; codes that no `forward` of the same op wrote give a meaningless gradient.
 * `moments` [2, filters]: of what a filter has in the batch the mean and the sum of the squared distances from it, for a batch
 * normalization that then need not read y for them.
 */
CN_API cn_status cn_conv2d_forward(cn_op* op, const cn_state* state, const float* x, const float* kernel, const float* bias, float* y,
                                   uint8_t* codes, double* moments);
/*
 * Prediction: no dropout, nothing saved. `addend`, null or like y, is added before the activation, as by an addition behind the
 * convolution; a stage with pooling takes none.
 */
CN_API cn_status cn_conv2d_predict(cn_op* op, const cn_state* state, const float* x, const float* kernel, const float* bias,
                                   const float* addend, float* y);
/*
 * Overwrites dkernel and dbias, but for what is null: then it is not made, and without both x may hold anything; dx by input_gradient. dy
 * is the gradient of y, unchanged.
 */
CN_API cn_status cn_conv2d_backward(cn_op* op, const cn_state* state, const float* x, const float* kernel, const float* y,
                                    const uint8_t* codes, const float* dy, float* dx, float* dkernel, float* dbias);

/*
 * Convolution stage of one to four inputs side by side in channels, each enlarged by whole factors as by cn_upsampling2d_desc: neither the
 * enlarged images nor the joined one are arrays of anybody. It is that of cn_conv2d_desc for
 *     x [batch, conv.input_height, conv.input_width, conv.input_channels] = x_0, x_1, ... enlarged and side by side,
 *     x_i [batch, conv.input_height / upsampling_height_i, conv.input_width / upsampling_width_i, channels_i].
 */
typedef struct cn_joined_conv2d_desc {
    uint32_t struct_size;
    int32_t inputs;                                         /* 1 to 4 */
    int64_t channels_0, channels_1, channels_2, channels_3; /* their sum is conv.input_channels; 0 where there is no input */
    int64_t upsampling_height_0, upsampling_height_1, upsampling_height_2, upsampling_height_3; /* divides conv.input_height; 0 as well */
    int64_t upsampling_width_0, upsampling_width_1, upsampling_width_2, upsampling_width_3;     /* divides conv.input_width; 0 as well */
    int32_t interpolation_0, interpolation_1, interpolation_2, interpolation_3; /* cn_interpolation of each input; 0 where there is none */
    int32_t gradient_0, gradient_1, gradient_2, gradient_3;                     /* cn_gradient_mode of each input; 0 where there is none */
    cn_conv2d_desc conv;                                                        /* struct_size and input_gradient are 0, groups at most 1 */
} cn_joined_conv2d_desc;

CN_API cn_status cn_joined_conv2d_create(cn_context* context, const cn_joined_conv2d_desc* desc, cn_op** op);
/* As cn_conv2d_forward. Inputs that do not exist are null. One pointer may stand for several inputs. */
CN_API cn_status cn_joined_conv2d_forward(cn_op* op, const cn_state* state, const float* x_0, const float* x_1, const float* x_2,
                                          const float* x_3, const float* kernel, const float* bias, float* y, uint8_t* codes,
                                          double* moments);
/* As cn_conv2d_predict. */
CN_API cn_status cn_joined_conv2d_predict(cn_op* op, const cn_state* state, const float* x_0, const float* x_1, const float* x_2,
                                          const float* x_3, const float* kernel, const float* bias, const float* addend, float* y);
/*
 * As cn_conv2d_backward. An element of dx_i is the sum of what it gave to the pixels that it is in. One pointer may stand for several
 * gradients of one shape if all but the first are added to it.
 */
CN_API cn_status cn_joined_conv2d_backward(cn_op* op, const cn_state* state, const float* x_0, const float* x_1, const float* x_2,
                                           const float* x_3, const float* kernel, const float* y, const uint8_t* codes, const float* dy,
                                           float* dx_0, float* dx_1, float* dx_2, float* dx_3, float* dkernel, float* dbias);

/*
 * Transposed convolution stage: y = activation(conv'(x, kernel) + bias), where conv' is what a convolution does to the gradient of its
 * output: each value of x adds its multiple of the kernel to y, a stride apart from its neighbour. What no window reaches is
 * activation(bias).
 * Shapes: x [batch, input_height, input_width, input_channels], kernel [window.height, window.width, filters, input_channels], bias
 * [filters], y [batch, output_height, output_width, filters]. The window is that of the convolution, which takes images like y to images
 * like x.
 */
typedef struct cn_conv2d_transpose_desc {
    uint32_t struct_size;
    int32_t input_gradient; /* cn_gradient_mode */
    int64_t batch;
    int64_t input_height, input_width, input_channels;
    int64_t filters;
    int64_t output_height, output_width;
    cn_window window;
    int32_t activation; /* cn_activation of the first group */
    int32_t use_bias;   /* 0: bias and dbias are null */
    int32_t precision;  /* cn_precision */
    float activation_alpha;
} cn_conv2d_transpose_desc;

CN_API cn_status cn_conv2d_transpose_create(cn_context* context, const cn_conv2d_transpose_desc* desc, cn_op** op);
CN_API cn_status cn_conv2d_transpose_forward(cn_op* op, const cn_state* state, const float* x, const float* kernel, const float* bias,
                                             float* y);
/*
 * Overwrites dkernel and dbias, but for what is null: then it is not made, and without both x may hold anything; dx by input_gradient.
 * Without an activation y is not read and may be null.
 */
CN_API cn_status cn_conv2d_transpose_backward(cn_op* op, const cn_state* state, const float* x, const float* kernel, const float* y,
                                              const float* dy, float* dx, float* dkernel, float* dbias);

/*
 * Dense stage: y = dropout(activation(x * kernel + bias)) over the last axis.
 * Shapes: x [batch, positions, inputs], kernel [inputs, units], bias [units], y [batch, positions, units].
 */
typedef struct cn_dense_desc {
    uint32_t struct_size;
    int32_t input_gradient; /* cn_gradient_mode */
    int64_t batch, positions, inputs, units;
    int32_t activation; /* cn_activation of the first group */
    int32_t use_bias;   /* 0: bias and dbias are null */
    float dropout_rate; /* 0: no dropout */
    uint32_t dropout_stream;
    int32_t precision; /* cn_precision */
    float activation_alpha;
} cn_dense_desc;

CN_API cn_status cn_dense_create(cn_context* context, const cn_dense_desc* desc, cn_op** op);
CN_API cn_status cn_dense_forward(cn_op* op, const cn_state* state, const float* x, const float* kernel, const float* bias, float* y);
/* Prediction: no dropout. */
CN_API cn_status cn_dense_predict(cn_op* op, const cn_state* state, const float* x, const float* kernel, const float* bias, float* y);
/*
 * Overwrites dkernel and dbias, but for what is null: then it is not made, and without both x may hold anything; dx by input_gradient.
 */
CN_API cn_status cn_dense_backward(cn_op* op, const cn_state* state, const float* x, const float* kernel, const float* y, const float* dy,
                                   float* dx, float* dkernel, float* dbias);

/* ------------------------------------------------------------------------------------------------------------------
 * Loss
 * --------------------------------------------------------------------------------------------------------------- */

/* Each value is one of a position: of p and t, its `classes` predictions and targets. D is `classes`, and s label_smoothing. */
enum cn_loss_kind {
    CN_LOSS_MEAN_SQUARED_ERROR = 0,              /* mean of (p - t)^2 */
    CN_LOSS_CATEGORICAL_CROSSENTROPY = 1,        /* -sum t' log p, t' = t (1 - s) + s / D */
    CN_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY = 2, /* -log p[t]; int32 targets [batch, positions], each in [0, classes) */
    CN_LOSS_MEAN_ABSOLUTE_ERROR = 3,             /* mean of |p - t| */
    CN_LOSS_MEAN_ABSOLUTE_PERCENTAGE_ERROR = 4,  /* mean of 100 |p - t| / max(|t|, 1e-7) */
    CN_LOSS_MEAN_SQUARED_LOGARITHMIC_ERROR = 5,  /* mean of (log(max(p, 1e-7) + 1) - log(max(t, 1e-7) + 1))^2 */
    CN_LOSS_LOG_COSH = 6,                        /* mean of log cosh(p - t) */
    CN_LOSS_HUBER = 7,                           /* mean of d^2 / 2 where |d| <= delta, else delta |d| - delta^2 / 2; d = p - t */
    CN_LOSS_POISSON = 8,                         /* mean of p - t log(p + 1e-7) */
    CN_LOSS_KL_DIVERGENCE = 9,                   /* sum of t log(t / p), both clipped to [1e-7, 1] */
    CN_LOSS_COSINE_SIMILARITY = 10,              /* -sum of t p, each divided by its length, which is at least 1e-6 */
    CN_LOSS_HINGE = 11,                          /* mean of max(1 - t p, 0); t -1 and 1, or 0 and 1 in the whole batch */
    CN_LOSS_SQUARED_HINGE = 12,                  /* mean of max(1 - t p, 0)^2, likewise */
    CN_LOSS_CATEGORICAL_HINGE = 13,              /* max(0, max((1 - t) p) - sum t p + 1) */
    CN_LOSS_BINARY_CROSSENTROPY = 14,            /* mean of -t' log p - (1 - t') log(1 - p), t' = t (1 - s) + s / 2 */
    CN_LOSS_BINARY_FOCAL_CROSSENTROPY = 15,      /* mean of w (1 - q)^gamma times that, q = t' p + (1 - t') (1 - p); w below */
    CN_LOSS_CATEGORICAL_FOCAL_CROSSENTROPY = 16, /* -alpha sum t' (1 - p)^gamma log p, t' = t (1 - s) + s / D */
    CN_LOSS_DICE = 17,                           /* 1 - 2 sum t p / (sum t + sum p + 1e-7), see below */
    CN_LOSS_TVERSKY = 18                         /* 1 - T / (T + alpha sum (1 - t) p + beta sum t (1 - p) + 1e-7), T = sum t p, likewise */
};

enum cn_accuracy {
    CN_ACCURACY_NONE = 0,
    CN_ACCURACY_BINARY = 1,      /* mean over the last axis of (p > 0.5) == (t > 0.5), with from_logits of the probabilities */
    CN_ACCURACY_CATEGORICAL = 2, /* argmax p == argmax t, the first maximum on ties */
    CN_ACCURACY_SPARSE = 3       /* argmax p == t */
};

/*
 * Loss values, their gradient and the metrics in one pass. There is one value per sample and position; the loss of a batch is their mean,
 * with weights that of the weighted values: their sum is divided by their number, whatever the weights add up to (Keras).
 * With `from_logits` the predictions of a cross-entropy are logits: softmax is part of the loss, in the binary ones sigmoid. From
 * probabilities, the categorical ones divide by the sum over classes and clip to [1e-7, 1 - 1e-7], the binary ones clip, and the sparse one
 * clips and normalises (Keras). Where something is clipped no gradient comes through. A NaN among predictions or targets is one in the
 * value, and in the gradient of what it went into.
 * Dice and Tversky sum over the whole batch, or with per_sample over each sample: that is the value of all its positions. What a position
 * counts, it counts in those sums, too. Where positions are ignored, the mean is over the others (Keras), so each of those counts
 * number of positions / number of others times; if there are none, the loss is 0.
 */
typedef struct cn_loss_desc {
    uint32_t struct_size;
    int32_t loss; /* cn_loss_kind */
    int64_t batch, positions, classes;
    int32_t from_logits;
    int32_t accuracy;      /* cn_accuracy */
    float label_smoothing; /* in [0, 1]; 0 but for cross-entropies of float targets */
    float delta;           /* Huber: greater than 0; else 0 */
    float alpha;           /* focal losses: in [0, 1]; Tversky: at least 0; else 0 */
    float gamma;           /* focal losses: at least 0; else 0 */
    int32_t balance;       /* binary focal loss: with 1, w = t' alpha + (1 - t') (1 - alpha); with 0, w = 1 */
    float beta;            /* Tversky: at least 0; else 0 */
    int32_t per_sample;    /* Dice, Tversky: a value for each sample; else 0 */
    int32_t ignores_class; /* sparse targets: with 1, positions of ignored_class count nothing; else 0 */
    int32_t ignored_class; /* any number, also one that is no class; 0 without ignores_class */
    int32_t reserved;      /* 0 */
} cn_loss_desc;

CN_API cn_status cn_loss_create(cn_context* context, const cn_loss_desc* desc, cn_op** op);
/*
 * Adds the batch to *metrics. `weights`, null or [batch, positions], is what each value counts; a value of weight 0 counts nothing,
 * whatever it is. Hits are not weighted. `gradient`, shaped like predictions, is overwritten with d(loss of the batch) / d(predictions); it
 * may be predictions itself, and null where it is not wanted. `probabilities`, shaped like predictions, is overwritten with what
 * from_logits makes of them; null where it is not wanted, and without from_logits. A sparse target outside [0, classes) adds NaN to
 * metrics->loss and gives that row a NaN gradient.
 */
CN_API cn_status cn_loss_forward(cn_op* op, const cn_state* state, const float* predictions, const void* targets, const float* weights,
                                 float* gradient, float* probabilities, cn_metrics* metrics);

/* ------------------------------------------------------------------------------------------------------------------
 * Metrics
 * --------------------------------------------------------------------------------------------------------------- */

/*
 * What a metric sums over samples, from which the host makes its result. Targets are floats shaped like predictions, [batch, positions,
 * classes], or with `sparse` class numbers, int32 [batch, positions].
 */
enum cn_metric_kind {
    CN_METRIC_LOSS = 0,     /* sum of the values of a loss, their number; by `loss`, from probabilities, without smoothing */
    CN_METRIC_ACCURACY = 1, /* sum of hits, number of positions; by `accuracy` and threshold */
    CN_METRIC_TOP_K = 2,    /* hits: fewer than k predictions are greater than the target's, which is finite; number of positions */
    CN_METRIC_COUNTS = 3,   /* [2][thresholds + 1]: elements with t <= 0.5, and t > 0.5, by how many of the thresholds p is above */
    CN_METRIC_CLASSES = 4,  /* [classes][classes], with one class [2][2]: positions by the target's class, then the predicted class */
    CN_METRIC_SCORES = 5,   /* [3][classes]: true positives, false positives, false negatives of each class */
    CN_METRIC_R2 = 6,       /* [3][classes]: t, t^2, (t - p)^2 of each output; then the number of positions */
    CN_METRIC_PEARSON = 7   /* sum of correlations of p and t, number of positions; NaN where either is the same for all outputs */
};

/*
 * The class of predictions, or of float targets, is that of the first maximum; of one class it is 1 above the threshold, of float targets
 * above 0.5. Of CN_METRIC_SCORES, a prediction is positive above a threshold of at least 0, else where it is the maximum.
 * Thresholds of CN_METRIC_COUNTS: `threshold` if there is one, else i / (thresholds - 1), the first less and the last plus `beyond`.
 */
typedef struct cn_metric_desc {
    uint32_t struct_size;
    int32_t metric; /* cn_metric_kind */
    int64_t batch, positions, classes;
    int32_t loss;     /* CN_METRIC_LOSS: cn_loss_kind; else 0 */
    int32_t accuracy; /* CN_METRIC_ACCURACY: cn_accuracy; else 0 */
    int32_t sparse;
    int32_t thresholds; /* CN_METRIC_COUNTS: from 1 to 1024; else 0 */
    float threshold;
    float beyond;       /* at least 0 */
    int64_t k;          /* CN_METRIC_TOP_K: at least 1; else 0 */
    float delta;        /* as in cn_loss_desc */
    float alpha;        /* as in cn_loss_desc */
    float gamma;        /* as in cn_loss_desc */
    int32_t balance;    /* as in cn_loss_desc */
    float beta;         /* as in cn_loss_desc */
    int32_t per_sample; /* as in cn_loss_desc */
} cn_metric_desc;

CN_API cn_status cn_metric_create(cn_context* context, const cn_metric_desc* desc, cn_op** op);
/*
 * Adds the batch to `sums`, doubles as cn_metric_kind says. `weights`, null or [batch, positions], is what each position counts; only the
 * first three kinds and the last take them.
 */
CN_API cn_status cn_metric_add(cn_op* op, const cn_state* state, const float* predictions, const void* targets, const float* weights,
                               double* sums);

/* ------------------------------------------------------------------------------------------------------------------
 * Regularizers and constraints
 * --------------------------------------------------------------------------------------------------------------- */

/* What a tensor of weights adds to the loss: l1 * sum of |w| + l2 * sum of w^2. */
typedef struct cn_penalty {
    int64_t offset; /* of its first weight, in floats from the beginning of the parameters */
    int64_t count;
    double l1, l2; /* at least 0 and finite, also as floats */
} cn_penalty;

typedef struct cn_regularizer_desc {
    uint32_t struct_size;
    int32_t reserved;  /* 0 */
    int64_t batch;     /* samples */
    int64_t positions; /* loss values of a sample */
    int64_t count;     /* floats in the parameter arena */
    int64_t tensors;   /* how many have a penalty */
} cn_regularizer_desc;

/* host_penalties: one for each of the tensors, in the order of their offsets; they do not overlap. */
CN_API cn_status cn_regularizer_create(cn_context* context, const cn_regularizer_desc* desc, const cn_penalty* host_penalties, cn_op** op);
/*
 * Adds the penalties to each loss value of the batch: their sum times rows * positions to metrics->loss, so that the mean becomes that of
 * the loss plus the penalties. Adds l1 * sign(w) + 2 * l2 * w to `gradients`, which are shaped like parameters and null where they are not
 * wanted; the sign of 0 is 0.
 */
CN_API cn_status cn_regularizer_add(cn_op* op, const cn_state* state, const float* parameters, float* gradients, cn_metrics* metrics);

/* Activity regularization: y = x, and each loss value of the batch is (l1 * sum of |x| + l2 * sum of x^2) / rows more. */
typedef struct cn_activity_regularization_desc {
    uint32_t struct_size;
    int32_t input_gradient; /* cn_gradient_mode */
    int64_t batch, count;   /* samples; elements per sample */
    int64_t positions;      /* loss values of a sample */
    float l1, l2;           /* at least 0 and finite */
} cn_activity_regularization_desc;

CN_API cn_status cn_activity_regularization_create(cn_context* context, const cn_activity_regularization_desc* desc, cn_op** op);
/* y may be x. `metrics` is null where the penalty is not wanted (prediction). */
CN_API cn_status cn_activity_regularization_forward(cn_op* op, const cn_state* state, const float* x, float* y, cn_metrics* metrics);
/* dx = dy + (l1 * sign(x) + 2 * l2 * x) / rows. */
CN_API cn_status cn_activity_regularization_backward(cn_op* op, const cn_state* state, const float* x, const float* dy, float* dx);

/* What becomes of weights w whose norm, the root of the sum of their squares, is n. */
enum cn_constraint_kind {
    CN_CONSTRAINT_MAX_NORM = 0,     /* w * (n, at most maximum) / (n + 1e-7) */
    CN_CONSTRAINT_NON_NEGATIVE = 1, /* 0 where w is less */
    CN_CONSTRAINT_UNIT_NORM = 2,    /* w / (n + 1e-7) */
    CN_CONSTRAINT_MIN_MAX_NORM = 3  /* w * (rate * (n within [minimum, maximum]) + (1 - rate) * n) / (n + 1e-7) */
};

/* A tensor of weights as a row-major matrix, each column of which has a norm. */
typedef struct cn_constraint {
    int64_t offset; /* of its first weight, in floats from the beginning of the parameters */
    int64_t rows, columns;
    int32_t constraint;            /* cn_constraint_kind */
    int32_t reserved;              /* 0 */
    double minimum, maximum, rate; /* of those that name it: at least 0 and finite, minimum <= maximum, rate <= 1; else 0 */
} cn_constraint;

typedef struct cn_constraint_desc {
    uint32_t struct_size;
    int32_t reserved; /* 0 */
    int64_t count;    /* floats in the parameter arena */
    int64_t tensors;  /* how many have a constraint */
} cn_constraint_desc;

/* host_constraints: one for each of the tensors, in the order of their offsets; they do not overlap. */
CN_API cn_status cn_constraint_create(cn_context* context, const cn_constraint_desc* desc, const cn_constraint* host_constraints,
                                      cn_op** op);
/* Changes the weights in place. A NaN makes NaN of its column; of what is only to be non-negative, of itself. */
CN_API cn_status cn_constraint_apply(cn_op* op, float* parameters);

/* ------------------------------------------------------------------------------------------------------------------
 * Optimizer
 * --------------------------------------------------------------------------------------------------------------- */

/*
 * With t = updates + 1, the rate of cn_state, the gradient g after clipping and slots that begin as zeros. `<-` replaces a slot, whose new
 * value is meant from there on. Slots come in the order in which they are named here.
 */
enum cn_optimizer_kind {
    CN_OPTIMIZER_SGD = 0,      /* v <- momentum * v - rate * g; p += v, or with nesterov p += momentum * v - rate * g;
                                  no v without momentum */
    CN_OPTIMIZER_ADAM = 1,     /* m, v <- moving means of g, g^2; p -= rate * sqrt(1 - beta_2^t) / (1 - beta_1^t) * m / (sqrt(v) + epsilon);
                                  with amsgrad h <- max(h, v) in place of v */
    CN_OPTIMIZER_ADAGRAD = 2,  /* a <- a + g^2; p -= rate * g / (sqrt(a) + epsilon) */
    CN_OPTIMIZER_ADADELTA = 3, /* a <- moving mean of g^2; u = g * sqrt(d + epsilon) / sqrt(a + epsilon); d <- moving mean of u^2;
                                  p -= rate * u; slots a, d */
    CN_OPTIMIZER_RMSPROP = 4,  /* a <- moving mean of g^2; v <- momentum * v + rate * g / (sqrt(a) + epsilon); p -= v;
                                  no v without momentum; centered, m <- moving mean of g, and a - m^2 (at least 0) in place of a */
    CN_OPTIMIZER_ADAMAX = 5,   /* m <- moving mean of g; u <- max(beta_2 * u, |g|); p -= rate / (1 - beta_1^t) * m / (u + epsilon) */
    CN_OPTIMIZER_NADAM = 6,    /* m, v <- moving means of g, g^2; c_t = beta_1 * (1 - 0.96^(t * schedule_decay) / 2); C_t = c_1 * ... * c_t;
                                  p -= rate * ((1 - c_t) * g / (1 - C_t) + c_(t+1) * m / (1 - C_(t+1))) /
                                  (sqrt(v / (1 - beta_2^t)) + epsilon) */
    CN_OPTIMIZER_LION = 7,     /* p -= rate * sign(beta_1 * m + (1 - beta_1) * g); m <- beta_2 * m + (1 - beta_2) * g */
    CN_OPTIMIZER_MUON = 8      /* of each matrix m <- momentum * m + g; o <- the orthogonalized m, or with nesterov g + momentum * m;
                                  p -= rate * sqrt(max(1, rows / columns)) * o; all other floats follow CN_OPTIMIZER_ADAM without amsgrad,
                                  at adam_rate_ratio * rate. Slots m, and o or v (Jordan et al., 2024) */
};

/*
 * A matrix among the parameters, row-major. It is orthogonalized by `iterations` of Newton and Schulz from x = o / (|o| + 1e-7), where |o|
 * is the Frobenius norm: x <- 3.4445 * x + (-4.775 * a + 2.0315 * a * a) * x with a = x * x', or with the transposes of both where there
 * are more rows than columns. Products are float32.
 */
typedef struct cn_matrix {
    int64_t offset; /* of its first float in the parameter arena */
    int64_t rows, columns;
} cn_matrix;

/* What a rule does not name in cn_optimizer_kind is not looked at. */
typedef struct cn_optimizer_desc {
    uint32_t struct_size;
    int32_t optimizer; /* cn_optimizer_kind */
    int64_t count;     /* floats in the parameter arena */
    int64_t tensors;   /* with clip_norm, into how many tensors they are divided; else 0 */
    double momentum;   /* in [0, 1] */
    double beta_1;     /* of moving means of g, in [0, 1) */
    double beta_2;     /* of those of g^2, in [0, 1) */
    double rho;        /* of both, in [0, 1) */
    double epsilon;    /* a normal float greater than 0 */
    double schedule_decay;
    double weight_decay;             /* p -= rate * weight_decay * p before the rule; 0: none */
    double clip_value;               /* g is clipped to [-clip_value, clip_value]; 0: it is not */
    double clip_norm;                /* the norm of each tensor's g is at most this; 0: any. At most one of the three is not 0. */
    double global_clip_norm;         /* the norm of all g together is at most this; 0: any */
    double ema_momentum;             /* in [0, 1) */
    int64_t ema_overwrite_frequency; /* with use_ema, p <- ema after every so many updates; 0: never */
    int32_t nesterov;
    int32_t amsgrad;
    int32_t centered;
    int32_t use_ema;        /* 1: ema <- moving mean of p after the update, by ema_momentum; the first update sets it to p */
    double adam_rate_ratio; /* of CN_OPTIMIZER_MUON; at least 0 */
    int64_t matrices;       /* with CN_OPTIMIZER_MUON, how many there are, 0 or more; else 0 */
    int32_t iterations;     /* of CN_OPTIMIZER_MUON, from 1 to 100 */
    int32_t reserved;       /* 0 */
} cn_optimizer_desc;

/*
 * host_offsets: with clip_norm, `tensors` + 1 rising numbers of floats from 0 to `count`, where each tensor begins; else null.
 * host_matrices: `matrices` of them in the order of their offsets, which do not overlap; null where there are none.
 */
CN_API cn_status cn_optimizer_create(cn_context* context, const cn_optimizer_desc* desc, const int64_t* host_offsets,
                                     const cn_matrix* host_matrices, cn_op** op);
/*
 * One update of all parameters at once; then state->updates += 1 and state->step += steps, which is 1 where this update ends a training
 * step and 0 where the caller counts. All arrays have `count` floats. Slots that the rule does not have, and ema without use_ema, are null.
 * A NaN in g makes NaN of its parameter, and so does an infinity that is clipped by norm; a norm that is NaN or 0 clips nothing.
 */
CN_API cn_status cn_optimizer_step(cn_op* op, cn_state* state, float* parameters, const float* gradients, float* slot_0, float* slot_1,
                                   float* slot_2, float* ema, int64_t steps);

/* ------------------------------------------------------------------------------------------------------------------
 * Random numbers
 * --------------------------------------------------------------------------------------------------------------- */

/* One block of Philox4x32-10 (Salmon et al., 2011) on the host: 4 words of counter, 2 of key, 4 of output. */
CN_API cn_status cn_philox(const uint32_t* host_counter, const uint32_t* host_key, uint32_t* host_output);

#ifdef __cplusplus
}
#endif

#endif
