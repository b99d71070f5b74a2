// Color a photograph's lightness with tinct's graph automatic.onnx.
//
// build: g++ -std=c++17 -I INCLUDE color.cpp -o color -lonnxruntime      with ONNX Runtime's headers and library
// usage: color FOLDER LIGHTNESS HEIGHT WIDTH VIVIDNESS OUTPUT
//
// FOLDER holds the graphs that `tinct graphs` writes. LIGHTNESS is a file of HEIGHT × WIDTH 32-bit floats, L* 0..100, row by row. OUTPUT
// gets 2 × HEIGHT × WIDTH floats: a* of all pixels, then b*.

#include <onnxruntime_cxx_api.h>

#include <array>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

int main(int count, char** arguments) {
    if (count != 7) {
        std::cerr << "usage: color FOLDER LIGHTNESS HEIGHT WIDTH VIVIDNESS OUTPUT\n";
        return 2;
    }
    const std::array<int64_t, 2> shape{std::stoll(arguments[3]), std::stoll(arguments[4])};
    std::vector<float> lightness(static_cast<size_t>(shape[0] * shape[1]));
    std::ifstream input(arguments[2], std::ios::binary);
    if (!input.read(reinterpret_cast<char*>(lightness.data()), static_cast<std::streamsize>(lightness.size() * sizeof(float)))) {
        std::cerr << arguments[2] << " has too few numbers\n";
        return 1;
    }
    float vividness = std::stof(arguments[5]);

    Ort::Env environment(ORT_LOGGING_LEVEL_ERROR, "tinct");
    Ort::Session session(environment, (std::string(arguments[1]) + "/automatic.onnx").c_str(), Ort::SessionOptions{});
    const auto memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
    std::array<Ort::Value, 2> inputs{
        Ort::Value::CreateTensor<float>(memory, lightness.data(), lightness.size(), shape.data(), shape.size()),
        Ort::Value::CreateTensor<float>(memory, &vividness, 1, shape.data(), 0),  // a scalar has no sizes
    };
    const std::array<const char*, 2> given{"lightness", "vividness"};
    const std::array<const char*, 1> wanted{"ab"};
    const auto colored = session.Run(Ort::RunOptions{}, given.data(), inputs.data(), inputs.size(), wanted.data(), wanted.size());

    std::ofstream output(arguments[6], std::ios::binary);
    output.write(reinterpret_cast<const char*>(colored[0].GetTensorData<float>()),
                 static_cast<std::streamsize>(2 * lightness.size() * sizeof(float)));
    return output ? 0 : 1;
}
