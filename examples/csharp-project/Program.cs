using System;
using System.Threading.Tasks;

namespace Ask
{
    static class Program
    {
        static async Task Main(string[] words)
        {
            var question = words.Length > 0 ? string.Join(" ", words) : "What is the capital of France?";
            Console.WriteLine(await Model.Answer(question));
        }
    }
}
