-- What wrk asks of the server and how it looks at the answers: every thread sends an image of its
-- own, over and over, and counts the answers that are not the digit and confidence expected.
-- Arguments: a file of images (784 bytes each), a file with a line "digit confidence" for each.

local threads = {}

function setup(thread)
  thread:set("id", #threads)
  table.insert(threads, thread)
end

function init(args)
  wrong, answered = 0, 0
  local images = io.open(args[1], "rb")
  images:seek("set", 784 * id)
  local body = images:read(784)
  images:close()
  local n = 0
  for line in io.lines(args[2]) do
    if n == id then
      digit, confidence = line:match("(%d) (%S+)")
      confidence = tonumber(confidence)
    end
    n = n + 1
  end
  asked = wrk.format("POST", nil, { ["Content-Type"] = "application/octet-stream" }, body)
end

function request()
  return asked
end

function response(status, headers, body)
  answered = answered + 1
  local found, sure = body:match('^{"answers":%[{"value":(%d),"confidence":([%d.]+),')
  if status ~= 200 or found ~= digit or math.abs(tonumber(sure) - confidence) > 1e-4 then
    wrong = wrong + 1
  end
end

function done(summary, latency, requests)
  local all_wrong, all_answered = 0, 0
  for _, thread in ipairs(threads) do
    all_wrong = all_wrong + thread:get("wrong")
    all_answered = all_answered + thread:get("answered")
  end
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"verified":%d,"wrong":%d,"seconds":%.3f,"errors":%d,' ..
    '"p50_ms":%.2f,"p90_ms":%.2f,"p99_ms":%.2f,"p999_ms":%.2f,"max_ms":%.2f}\n',
    summary.requests, all_answered, all_wrong, summary.duration / 1e6,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(90) / 1e3, latency:percentile(99) / 1e3,
    latency:percentile(99.9) / 1e3, latency.max / 1e3))
end
