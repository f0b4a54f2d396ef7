static const struct k keys[] = {
	{ "model_list", 1 },
	{ "api_base", 2 },
};
