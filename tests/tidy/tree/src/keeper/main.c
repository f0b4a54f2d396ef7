int x;
int main(void)
{
	static int started;

	return started;
}
