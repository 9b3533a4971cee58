// SPDX-License-Identifier: Apache-2.0
//
// A device of SoapySDR for tests: it plays a file of cu8 as the real library asks for it, and loses samples, or itself, on the
// way. Arguments: driver=bullatest, file=PATH; hole_at=BYTES, hole=SAMPLES: so many are thrown away there, with times; untimed=1:
// without times; dies_at=BYTES: the stream fails there, once for each process.
#include <SoapySDR/Device.hpp>
#include <SoapySDR/Registry.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

static bool died;
static long resume_at;

class Player : public SoapySDR::Device
{
    std::FILE *file;
    long hole_at = -1, hole = 0, dies_at = -1, samples = 0;
    bool untimed = false, told = false;
    double rate = 0;
    std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();
    std::string format = "CU8";

public:
    explicit Player(const SoapySDR::Kwargs &args)
    {
        file = std::fopen(args.at("file").c_str(), "rb");
        if (!file)
            throw std::runtime_error("no file to play");
        if (args.count("hole_at"))
            hole_at = std::stol(args.at("hole_at")), hole = std::stol(args.at("hole"));
        if (args.count("dies_at") && !died)
            dies_at = std::stol(args.at("dies_at"));
        untimed = args.count("untimed") != 0;
        if (args.count("native"))
            format = args.at("native");
        std::fseek(file, resume_at, SEEK_SET);
    }
    ~Player() override
    {
        std::fclose(file);
    }
    std::string getNativeStreamFormat(const int, const size_t, double &fullScale) const override
    {
        fullScale = 128;
        return format;
    }
    SoapySDR::Stream *setupStream(const int, const std::string &asked, const std::vector<size_t> &, const SoapySDR::Kwargs &) override
    {
        if (asked != "CU8" && asked != "CF32")
            throw std::runtime_error("no such format: " + asked);
        format = asked;
        return reinterpret_cast<SoapySDR::Stream *>(this);
    }
    void closeStream(SoapySDR::Stream *) override
    {
    }
    int activateStream(SoapySDR::Stream *, const int, const long long, const size_t) override
    {
        return 0;
    }
    int deactivateStream(SoapySDR::Stream *, const int, const long long) override
    {
        return 0;
    }
    void setSampleRate(const int, const size_t, const double hz) override
    {
        rate = hz;
    }
    void setFrequency(const int, const size_t, const double hz, const SoapySDR::Kwargs &) override
    {
        std::fprintf(stderr, "module: frequency %.0f\n", hz);
    }
    void setGain(const int, const size_t, const double db) override
    {
        std::fprintf(stderr, "module: gain %.1f\n", db);
    }
    int readStream(SoapySDR::Stream *, void *const *buffers, const size_t n, int &flags, long long &timeNs, const long) override
    {
        size_t most = n < 1000 ? n : 1000;
        if (dies_at >= 0 && std::ftell(file) >= dies_at) {
            resume_at = std::ftell(file);
            died = true;
            return SOAPY_SDR_STREAM_ERROR;
        }
        if (hole_at >= 0 && std::ftell(file) >= hole_at) {
            std::fseek(file, 2 * hole, SEEK_CUR);
            samples += hole;
            hole_at = -1;
            if (untimed)
                std::this_thread::sleep_until(began + std::chrono::microseconds(static_cast<long>(1e6 * static_cast<double>(samples) / rate)));
            return SOAPY_SDR_OVERFLOW;
        }
        std::vector<unsigned char> bytes(2 * most);
        size_t got = std::fread(bytes.data(), 2, most, file);
        if (got == 0)
            return SOAPY_SDR_TIMEOUT;
        for (size_t i = 0; i < 2 * got; i++)
            if (format == "CU8")
                static_cast<unsigned char *>(buffers[0])[i] = bytes[i];
            else
                static_cast<float *>(buffers[0])[i] = (bytes[i] - 127.5f) / 127.5f;
        flags = untimed ? 0 : SOAPY_SDR_HAS_TIME;
        timeNs = static_cast<long long>(static_cast<double>(samples) * 1e9 / rate);
        samples += static_cast<long>(got);
        if (untimed) // as fast as real samples come
            std::this_thread::sleep_until(began + std::chrono::microseconds(static_cast<long>(1e6 * static_cast<double>(samples) / rate)));
        return static_cast<int>(got);
    }
};

static SoapySDR::KwargsList find(const SoapySDR::Kwargs &)
{
    return {{{"label", "player of a file"}}};
}

static SoapySDR::Device *make(const SoapySDR::Kwargs &args)
{
    return new Player(args);
}

static SoapySDR::Registry registration("bullatest", &find, &make, SOAPY_SDR_ABI_VERSION);
